import { failed, findRecord, imagesToSave, type State } from '@shiplog/model';
import {
  type Actor,
  type AttachOptions,
  type Caller,
  type CommandAnswers,
  type CommandArgs,
  type CommandStreams,
  type CommandType,
  type Engine,
  type EngineInfo,
  type EnvSpec,
  type ImageRecord,
  type IoChannel,
  type LogOptions,
  type LogRead,
  type LogRecord,
  type Moment,
  type NewEvent,
  type ObjectKind,
  type ObjectRecords,
  type PathChange,
  type PathStat,
  type CgroupStats,
  type ContainerDefaults,
  type ContainerRecord,
  type ContainerSize,
  type DiskUsage,
  type Distribution,
  type ContainerUsage,
  type ProbeResults,
  type ProcessTable,
  CONTENT_VERBS,
  type ReadRecord,
  type ReadVerb,
  type SaveRequest,
  type SecretRef,
  ShiplogError,
  type UsageKind,
  type Views,
  type WaitCondition,
  type RegistryAuth,
} from '@shiplog/contracts';
import { EngineCore } from './core.ts';
import { system } from './system.ts';
import { DiskMeter } from './reads/disk-usage.ts';
import { enabledDrivers } from './drivers/enabled-drivers.ts';
import { Executor } from './commands/executor.ts';
import { FileReads } from './files/file-reads.ts';
import { Ledger } from './state/ledger.ts';
import { MADE_FOR_MOUNTS } from './containers/made-for-mounts.ts';
import type { EngineParts } from './ports.ts';
import { watchExits } from './reactors/exits.ts';
import { Health } from './reactors/health.ts';
import { Restarts } from './reactors/restarts.ts';
import { inspectDistribution } from './reads/inspect-distribution.ts';
import { registryLogin } from './reads/registry-login.ts';
import { ContentReads } from './reads/content-reads.ts';
import { repositoryTags } from './reads/repository-tags.ts';
import { Reads } from './reads/reads.ts';
import { Retention } from './retention/retention.ts';
import { recover } from './commands/recover.ts';
import { scrubbed } from './secrets/scrub.ts';
import { hashState } from './snapshots/state-hash.ts';
import { ProjectionViews } from './reads/views.ts';
import { waitFor } from './containers/wait.ts';

/** How long a stop waits for operations under way; what is cut off then is recovered at the next start. */
const DRAIN_MS = 10_000;

/** An engine with its life. */
export interface RunningEngine extends Engine {
  /** Resolves with a LOG_CLOSED error when the log could not be written: nothing is acknowledged any more, and the process must end. */
  readonly failed: Promise<ShiplogError>;
  readonly views: Views;
  /** Ends operations, records the stop, leaves containers running. */
  stop(reason: string): Promise<void>;
}

/** Folds the log, makes it and reality agree, and begins to serve. */
export async function startEngine(parts: EngineParts): Promise<RunningEngine> {
  const ledger = await Ledger.open(parts.log, parts.logger);
  const core = new EngineCore({ ...parts, drivers: enabledDrivers(parts.drivers, ledger.head) }, ledger);
  const executor = new Executor(core);
  const started = await recordStart(core);
  await recover(core, executor);
  // After recovery: it may have taken back a network that a first start was making when it was killed.
  for (const network of parts.networks) {
    if ([...ledger.head.networks.values()].some((known) => known.name === network.name)) continue;
    const { id, name, driver, subnet, options } = network;
    const args = { name, driver, internal: false, options, labels: {}, predefined: true, ...(subnet === undefined ? {} : { subnet }) };
    await executor.execute('network.create', args, system('first-start'), id === undefined ? {} : { given: { ids: [id] } });
  }
  core.outputs.resume();
  await core.names.resume();
  const stopping = new AbortController();
  const { drivers } = core.parts;
  const watching = drivers
    .list()
    .filter((driver) => driver.kind === 'runtime' && driver.probe.usable)
    .map(({ name }) => drivers.get('runtime', name))
    .flatMap((runtime) => [watchExits(core, executor, runtime, stopping.signal), core.oomKills.watch(runtime, stopping.signal)]);
  watching.push(core.oomKills.watch(drivers.get('cgroup', parts.chosen.cgroup), stopping.signal));
  const retention = parts.retention === undefined ? undefined : new Retention(core, executor, parts.retention);
  watching.push(new Restarts(core, executor).run(stopping.signal, started));
  if (parts.healthChecks !== false) watching.push(new Health(core).run(stopping.signal));
  if (retention !== undefined) watching.push(retention.run(stopping.signal));
  return new ServingEngine(core, executor, stopping, Promise.allSettled(watching), retention);
}

class ServingEngine implements RunningEngine {
  readonly #startedAt: string;
  readonly #reads: Reads;
  readonly #disk: DiskMeter;
  readonly #files: FileReads;
  readonly #content: ContentReads;
  readonly views: Views;

  constructor(
    private readonly core: EngineCore,
    private readonly executor: Executor,
    private readonly stopping: AbortController,
    private readonly watching: Promise<unknown>,
    private readonly retention: Retention | undefined,
  ) {
    this.#startedAt = core.parts.clock.now();
    this.#reads = new Reads(core);
    this.#disk = new DiskMeter(core);
    this.#files = new FileReads(core, executor, this.#reads);
    this.#content = new ContentReads(core, executor, this.#reads);
    this.views = new ProjectionViews(core);
  }

  get log() {
    return this.core.ledger.log;
  }

  get failed(): Promise<ShiplogError> {
    return this.core.ledger.failed;
  }

  execute<T extends CommandType>(type: T, args: CommandArgs[T], caller: Caller, streams?: CommandStreams): Promise<CommandAnswers[T]> {
    return this.executor.execute(type, args, caller, streams);
  }

  async refuse(type: CommandType | ReadVerb | undefined, error: Error, asking: Caller): Promise<ShiplogError> {
    if (type === undefined || isRead(type)) return this.#reads.refuse(type, error, asking);
    const { ledger, parts } = this.core;
    const caller = await this.core.readyKeyless(asking);
    const stream = 'engine';
    const intent = {
      stream,
      type: `${type}.requested`,
      kind: 'intent',
      data: { args: null, givens: { ids: [], defaults: parts.defaults }, decided: null },
    } as NewEvent;
    const refusal = this.told(ShiplogError.wrap(error, 'REQUEST_INVALID'));
    const status = refusal.code === 'CANCELED' ? 'canceled' : 'refused';
    const outcome = failed(type, stream, { status, ms: 0, error: refusal.toRecord() });
    await ledger.append({ stamp: this.core.stamp(caller, parts.identities.op()), events: [intent, outcome] }).durable;
    return refusal;
  }

  told(error: unknown): ShiplogError {
    return scrubbed(ShiplogError.wrap(error), [], this.core.secrets.rules);
  }

  async view(at?: Moment): Promise<State> {
    const { ledger } = this.core;
    return at === undefined ? ledger.view() : ledger.moments.state(await ledger.moments.position(at));
  }

  async record<K extends ObjectKind>(
    kind: K,
    ref: string,
    at?: Moment,
  ): Promise<{ readonly seq: number; readonly record: ObjectRecords[K] }> {
    const { ledger } = this.core;
    if (at === undefined) {
      const view = await ledger.view();
      return { seq: view.seq, record: findRecord(view, kind, ref) };
    }
    const seq = await ledger.moments.position(at);
    return { seq, record: await ledger.moments.record(kind, ref, seq) };
  }

  async stateHash(at?: Moment): Promise<{ readonly seq: number; readonly hash: string }> {
    const view = await this.view(at);
    return { seq: view.seq, hash: hashState(view) };
  }

  attach(ref: string, options: AttachOptions, caller: Caller): Promise<IoChannel> {
    return this.#content.attach(ref, options, caller);
  }

  async attachExec(ref: string, _options: AttachOptions): Promise<IoChannel> {
    const exec = this.core.ledger.head.exec(ref);
    if (exec.status !== 'created') throw new ShiplogError('EXEC_ALREADY_RUN', `exec session ${exec.id} has already run`, { exec: exec.id });
    return this.core.io.await(exec.id);
  }

  detached(target: { readonly container: string } | { readonly exec: string }, caller: Caller): Promise<void> {
    return this.#content.detached(target, caller);
  }

  wait(container: string, condition: WaitCondition, signal?: AbortSignal): Promise<{ readonly exitCode: number; readonly error?: string }> {
    return waitFor(this.core.ledger, container, condition, signal);
  }

  logs(container: string, options: LogOptions, caller: Caller): Promise<AsyncIterable<LogRecord>> {
    return this.#content.logs(container, options, caller);
  }

  top(ref: string, psArgs: string, caller: Caller): Promise<ProcessTable> {
    return this.#content.top(ref, psArgs, caller, this.stopping.signal);
  }

  async changes(ref: string): Promise<readonly PathChange[]> {
    const { ledger, parts } = this.core;
    const { id, imageId, storageDriver } = ledger.head.container(ref);
    const parent = ledger.head.image(imageId).layers.at(-1)?.chainId;
    const ctx = { op: parts.identities.op(), signal: this.stopping.signal };
    const args = { key: id, ignore: [...MADE_FOR_MOUNTS], ...(parent === undefined ? {} : { parent }) };
    const { changes } = (await this.core.call('storage', storageDriver, 'changes', args, ctx)) as { changes: PathChange[] };
    return changes;
  }

  async stat(container: string, path: string, caller: Caller, signal = new AbortController().signal): Promise<PathStat> {
    return this.#files.stat(container, path, caller, signal);
  }

  async archive(container: string, path: string, caller: Caller, signal = new AbortController().signal) {
    return this.#files.archive(container, path, caller, signal);
  }

  async export(container: string, caller: Caller, signal = new AbortController().signal): Promise<AsyncIterable<Uint8Array>> {
    return this.#files.export(container, caller, signal);
  }

  async size(ref: string, signal?: AbortSignal): Promise<ContainerSize> {
    return this.#disk.container(this.core.ledger.head.container(ref), this.#until(signal));
  }

  login(registry: string, auth: RegistryAuth, caller: Caller, signal?: AbortSignal): Promise<void> {
    return registryLogin(this.core, registry, auth, caller, this.#until(signal));
  }

  tags(
    repository: string,
    asked: { readonly source?: string; readonly auth?: RegistryAuth },
    signal?: AbortSignal,
  ): Promise<readonly string[] | undefined> {
    return repositoryTags(this.core, repository, asked, this.#until(signal));
  }

  distribution(reference: string, auth: RegistryAuth, caller: Caller, signal?: AbortSignal): Promise<Distribution> {
    return inspectDistribution(this.core, reference, auth, caller, this.#until(signal));
  }

  diskUsage(kinds: ReadonlySet<UsageKind>, signal?: AbortSignal): Promise<DiskUsage> {
    return this.#disk.all(kinds, this.#until(signal));
  }

  /** Until a caller goes away or the engine stops. */
  #until(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.stopping.signal : AbortSignal.any([signal, this.stopping.signal]);
  }

  async usage(ref: string): Promise<ContainerUsage | undefined> {
    const { ledger, parts } = this.core;
    const { id, process, spec } = ledger.head.container(ref);
    if (process === undefined) return undefined;
    const ctx = { op: parts.identities.op(), signal: this.stopping.signal };
    const [cgroup, interfaces, host] = await Promise.all([
      this.core.call('cgroup', parts.chosen.cgroup, 'stats', { id }, ctx) as Promise<CgroupStats>,
      spec.networkMode === 'host' ? [] : parts.host.traffic(process.pid),
      parts.host.usage(),
    ]);
    return { at: parts.clock.now(), cgroup, interfaces, host };
  }

  async save({ images, platform }: SaveRequest, caller: Caller): Promise<AsyncIterable<Uint8Array>> {
    const { drivers, chosen } = this.core.parts;
    const saved = await this.#reads.prepare('image.save', caller, async () =>
      imagesToSave(await this.core.ledger.view(), images, platform),
    );
    await this.#reads.recordContent(
      saved.map(({ manifest, ref }) => ({ verb: 'image.save', stream: `image/${manifest.id}`, ref })),
      caller,
    );
    return drivers.get('image-store', chosen.imageStore).save(saved);
  }

  probes(ref: string): ProbeResults | undefined {
    return this.core.probes.found(this.core.ledger.head.container(ref));
  }

  seal(entries: readonly string[]): Promise<EnvSpec> {
    return this.core.environment.seal(entries);
  }

  unseal(env: EnvSpec): Promise<readonly string[]> {
    return this.core.environment.unseal(env);
  }

  async revealed<R extends { readonly sealed?: SecretRef } | { readonly spec: { readonly sealed?: SecretRef } }>(record: R): Promise<R> {
    const revealed = await this.core.secrets.known(record);
    if (!isContainer(revealed)) return revealed;
    const image = this.core.ledger.head.images.get(revealed.imageId);
    return image === undefined ? revealed : this.core.images.within(revealed, await this.wholeImage(image));
  }

  wholeImage(image: ImageRecord): Promise<ImageRecord> {
    return this.core.images.whole(image);
  }

  async callers(): Promise<(actor: Actor) => Actor> {
    await this.core.subjects.load();
    return (actor) => this.core.subjects.opened(actor);
  }

  recordRead(read: LogRead, caller: Caller): Promise<ReadRecord> {
    return this.#reads.record(read, caller);
  }

  subject(name: string): Promise<string> {
    return this.core.subjects.find(name);
  }

  get defaults(): ContainerDefaults {
    const { defaults, logOptions = {} } = this.core.parts;
    const { storageDriver, runtime, logDriver } = defaults;
    return { storageDriver, runtime, logDriver, logOptions };
  }

  async info(): Promise<EngineInfo> {
    const { ledger, parts } = this.core;
    const { firstSeq, sealedSeq, durableSeq } = ledger.log;
    const { engineId, instance, version } = parts;
    const drivers = parts.drivers.list();
    return {
      engineId,
      instance,
      version,
      startedAt: this.#startedAt,
      root: parts.paths.root,
      ...this.defaults,
      drivers,
      warnings: drivers.flatMap(({ probe }) => (probe.usable ? (probe.warnings ?? []) : [])),
      log: { firstSeq, sealedSeq, durableSeq, bytes: await ledger.log.storedBytes(firstSeq) },
      ...(this.retention === undefined ? {} : { retention: await this.retention.status() }),
    };
  }

  async stop(reason: string): Promise<void> {
    const { filesOfContainers } = this.core;
    const drained = this.executor.drain(DRAIN_MS);
    // Readers may take their time for ever.
    await filesOfContainers.cancel({ spareWriters: true });
    await drained;
    await filesOfContainers.cancel();
    this.stopping.abort();
    await this.watching;
    const { instance } = this.core.parts;
    const event: NewEvent = { stream: 'engine', type: 'engine.stopped', kind: 'meta', data: { instance, reason } };
    await this.core.observe(event, 'stop');
    await this.core.ledger.log.flushed();
    await this.core.ledger.settled();
  }
}

function isRead(verb: CommandType | ReadVerb): verb is ReadVerb {
  return verb === 'log.read' || verb === 'registry.login' || verb === 'registry.inspect' || CONTENT_VERBS.some((known) => known === verb);
}

function isContainer<R extends object>(record: R): record is R & ContainerRecord {
  return 'argv' in record && 'imageId' in record;
}

/** Says that the engine is here, whether it left properly the last time, and whether the host came up anew meanwhile. */
async function recordStart(core: EngineCore): Promise<number> {
  const { ledger, parts } = core;
  let last: { readonly bootId: string; readonly clean: boolean } | undefined;
  for await (const event of ledger.log.read({ types: ['engine.started', 'engine.stopped'] })) {
    if (event.type === 'engine.started') last = { bootId: event.data.bootId, clean: false };
    else if (event.type === 'engine.stopped' && last !== undefined) last = { ...last, clean: true };
  }
  // That it started may have been pruned; every event says of which boot it is.
  const { firstSeq, durableSeq } = ledger.log;
  if (last === undefined && firstSeq > 0 && durableSeq >= firstSeq) {
    for await (const event of ledger.log.read({ from: durableSeq, to: durableSeq }))
      last = { bootId: event.boot, clean: event.type === 'engine.stopped' };
  }
  const { bootId } = parts.host;
  const started: NewEvent = {
    stream: 'engine',
    type: 'engine.started',
    kind: 'meta',
    data: { version: parts.version, instance: parts.instance, bootId, clean: last?.clean ?? true, config: parts.config },
  };
  const rebooted: NewEvent[] =
    last === undefined || last.bootId === bootId
      ? []
      : [{ stream: 'engine', type: 'host.rebooted', kind: 'observed', data: { bootId, previousBootId: last.bootId } }];
  const { events, durable } = ledger.append({
    stamp: core.stamp(system('start'), parts.identities.op()),
    events: [started, ...rebooted],
  });
  await durable;
  return events[0]?.seq ?? ledger.head.seq;
}
