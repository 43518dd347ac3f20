import {
  type AttachOptions,
  type Actor,
  type Caller,
  type CommandAnswers,
  type CommandArgs,
  type CommandStreams,
  type CommandType,
  type Engine,
  type EngineInfo,
  type ImageRecord,
  type IoChannel,
  type LogOptions,
  type LogRead,
  type LogRecord,
  type Moment,
  type ObjectKind,
  type ObjectRecords,
  type ContainerSize,
  type ContainerUsage,
  type DiskUsage,
  type Distribution,
  type PathChange,
  type PathStat,
  type ProbeResults,
  type ProcessTable,
  type ReadRecord,
  type ReadVerb,
  type SaveRequest,
  ShiplogError,
  type StateView,
  type UsageKind,
  type WaitCondition,
  type RegistryAuth,
} from '@shiplog/contracts';
import { containerCommands } from './fake-containers.ts';
import { execCommands } from './fake-execs.ts';
import { fakeStat, fakeTar } from './fake-files.ts';
import type { FakeHandlers } from './fake-handlers.ts';
import { FakeHost, now } from './fake-host.ts';
import { imageCommands } from './fake-images.ts';
import { networkCommands } from './fake-networks.ts';

/** A refused request, as the audit would have it. */
export interface Refusal {
  readonly type: CommandType | ReadVerb | undefined;
  readonly error: Error;
  readonly caller: Caller;
}

/** An engine that holds everything in memory and runs processes of a {@link FakeHost}. Test double. */
export class FakeEngine implements Engine {
  readonly #host = new FakeHost((container) => {
    const caller: Caller = { actor: { scheme: 'system', reason: 'auto-remove' } };
    void this.execute('container.remove', { container, force: false, volumes: true }, caller);
  });
  readonly log = this.#host.log;
  readonly state = this.#host.state;
  readonly refusals: Refusal[] = [];
  /** Ids of containers that somebody waits for, or did. */
  readonly awaited: string[] = [];
  readonly reads: { readonly read: LogRead; readonly caller: Caller }[] = [];
  readonly saved: { readonly images: readonly string[]; readonly caller: Caller }[] = [];
  readonly calls: { readonly type: CommandType; readonly args: object; readonly caller: Caller }[] = [];
  readonly #secrets = new Map<string, readonly string[]>();
  readonly #handlers: FakeHandlers = {
    ...containerCommands(this.#host),
    ...execCommands(this.#host),
    ...imageCommands(this.#host),
    ...networkCommands(this.#host),
  };
  #operations = 0;
  #samples = 0;

  async execute<T extends CommandType>(
    type: T,
    args: CommandArgs[T],
    caller: Caller,
    streams: CommandStreams = {},
  ): Promise<CommandAnswers[T]> {
    this.calls.push({ type, args, caller });
    const handler = this.#handlers[type];
    if (handler === undefined) throw new ShiplogError('NOT_IMPLEMENTED', `the fake engine has no ${type}`);
    const { stream, decided, run } = handler(args, streams);
    this.#operations += 1;
    const op = `op-${this.#operations}`;
    const intent = { args, givens: { ids: [], defaults: DEFAULTS }, decided };
    this.log.append(op, stream, `${type}.requested`, 'intent', intent);
    try {
      const { outcome, answer } = await run(op);
      this.log.append(op, stream, `${type}.succeeded`, 'outcome', outcome);
      return answer;
    } catch (error) {
      this.log.append(op, stream, `${type}.failed`, 'outcome', {});
      throw error;
    }
  }

  /** The moments that were looked at; undefined for now. */
  readonly looks: (Moment | undefined)[] = [];

  async refuse(type: CommandType | ReadVerb | undefined, error: Error, caller: Caller): Promise<ShiplogError> {
    this.refusals.push({ type, error, caller });
    return ShiplogError.wrap(error);
  }

  told(error: unknown): ShiplogError {
    return ShiplogError.wrap(error);
  }

  async revealed<R>(record: R): Promise<R> {
    return record;
  }

  /** By container id. */
  readonly probed = new Map<string, ProbeResults>();

  probes(container: string): ProbeResults | undefined {
    return this.probed.get(container);
  }

  async wholeImage(image: ImageRecord): Promise<ImageRecord> {
    return image;
  }

  async callers(): Promise<(actor: Actor) => Actor> {
    return (actor) => actor;
  }

  async subject(name: string): Promise<string> {
    throw new ShiplogError('SUBJECT_NOT_FOUND', name);
  }

  async recordRead(read: LogRead, caller: Caller): Promise<ReadRecord> {
    this.reads.push({ read, caller });
    return { end: async () => undefined };
  }

  async save({ images }: SaveRequest, caller: Caller): Promise<AsyncIterable<Uint8Array>> {
    const { id } = this.state.image(images[0] ?? '');
    this.saved.push({ images, caller });
    async function* archive(): AsyncGenerator<Uint8Array> {
      yield Buffer.from(id);
    }
    return archive();
  }

  async view(at?: Moment): Promise<StateView> {
    this.looks.push(at);
    this.state.seq = this.log.durableSeq;
    return this.state;
  }

  async record<K extends ObjectKind>(kind: K, ref: string): Promise<{ readonly seq: number; readonly record: ObjectRecords[K] }> {
    const view = await this.view();
    const find: { readonly [Kind in ObjectKind]: () => ObjectRecords[Kind] } = {
      container: () => view.container(ref),
      image: () => view.image(ref),
      network: () => view.network(ref),
      volume: () => view.volume(ref),
    };
    return { seq: view.seq, record: find[kind]() };
  }

  async stateHash(): Promise<{ readonly seq: number; readonly hash: string }> {
    return { seq: this.log.durableSeq, hash: '' };
  }

  /** Who was attached, read what was printed, left by keys: in order. */
  readonly passed: string[] = [];

  async attach(container: string, { stdin, stdout, stderr }: AttachOptions, { req }: Caller): Promise<IoChannel> {
    const { id, status } = this.state.container(container);
    if (status === 'paused') throw new ShiplogError('CONTAINER_PAUSED', `container ${id} is paused, unpause the container before attach`);
    if (status === 'restarting')
      throw new ShiplogError('CONTAINER_BUSY', `container ${id} is restarting, wait until the container is running`);
    this.passed.push(`attach ${container} ${stdin} ${stdout} ${stderr} via ${req?.route}`);
    return this.#host.process(id).attach();
  }

  async attachExec(exec: string): Promise<IoChannel> {
    return this.#host.process(this.state.exec(exec).id).attach();
  }

  async wait(
    container: string,
    condition: WaitCondition,
    signal?: AbortSignal,
  ): Promise<{ readonly exitCode: number; readonly error?: string }> {
    const { id } = this.state.container(container);
    this.awaited.push(id);
    const finishedAt = this.state.containers.get(id)?.finishedAt;
    let last = this.state.container(id);
    for (;;) {
      const current = this.state.containers.get(id);
      last = current ?? last;
      if (signal?.aborted === true) throw new ShiplogError('CANCELED', 'the caller went away');
      if (current === undefined) return { exitCode: last.exitCode };
      if (condition === 'not-running' && current.status !== 'running') return { exitCode: current.exitCode };
      if (condition === 'next-exit' && current.finishedAt !== finishedAt) return { exitCode: current.exitCode };
      await this.#host.changed(signal);
    }
  }

  async detached(target: { readonly container: string } | { readonly exec: string }): Promise<void> {
    this.passed.push(`detached ${Object.keys(target).join()}`);
  }

  async logs(container: string, options: LogOptions, { req }: Caller): Promise<AsyncIterable<LogRecord>> {
    this.passed.push(`logs ${container} via ${req?.route}`);
    return this.#printed(container, options);
  }

  async *#printed(container: string, options: LogOptions): AsyncGenerator<LogRecord> {
    const process = this.#host.process(this.state.container(container).id);
    const records = process.printed.map(({ stream, data }, index) => ({
      time: `17000000000000000${String(index).padStart(2, '0')}`,
      stream: stream === 1 ? ('stdout' as const) : ('stderr' as const),
      data,
      partial: false,
    }));
    const wanted = records.filter(({ stream }) => (stream === 'stdout' ? options.stdout : options.stderr));
    yield* options.tail === undefined ? wanted : wanted.slice(wanted.length - options.tail);
  }

  async top(container: string, psArgs: string): Promise<ProcessTable> {
    const { name, status } = this.state.container(container);
    if (status !== 'running') throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${name} is not running`);
    return { titles: ['PID', 'CMD'], processes: [['1', psArgs]] };
  }

  async changes(container: string): Promise<readonly PathChange[]> {
    this.state.container(container);
    return [
      { path: '/etc', kind: 'modified' },
      { path: '/etc/new', kind: 'added' },
      { path: '/etc/old', kind: 'deleted' },
    ];
  }

  async stat(container: string, path: string): Promise<PathStat> {
    this.state.container(container);
    return fakeStat(path);
  }

  async archive(container: string, path: string) {
    this.state.container(container);
    return { stat: fakeStat(path), tar: fakeTar(`tar of ${path}`) };
  }

  async export(container: string): Promise<AsyncIterable<Uint8Array>> {
    this.state.container(container);
    return fakeTar('tar of all');
  }

  /** Every container has written so much. */
  async size(container: string): Promise<ContainerSize> {
    this.state.container(container);
    return { own: 4096, rootfs: 8192 };
  }

  readonly logins: string[] = [];

  /** Takes the password `right`. */
  async login(registry: string, { username = '', password }: RegistryAuth): Promise<void> {
    this.logins.push(`${username}@${registry}`);
    if (password !== 'right') throw new ShiplogError('REGISTRY_DENIED', `login attempt to ${registry} failed: access denied`);
  }

  /** `many` has two. */
  async tags(repository: string): Promise<readonly string[] | undefined> {
    return repository === 'many' ? ['1', '2'] : undefined;
  }

  readonly asked: string[] = [];

  /** `none` is nowhere; all else is an index for two platforms. */
  async distribution(reference: string, { username = 'nobody' }: RegistryAuth): Promise<Distribution> {
    this.asked.push(`${reference} as ${username}`);
    if (reference === 'none') throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${reference} not found: manifest unknown`);
    return {
      descriptor: { mediaType: 'application/vnd.oci.image.index.v1+json', digest: `sha256:${'a'.repeat(64)}`, size: 1234 },
      platforms: [
        { os: 'linux', architecture: 'amd64' },
        { os: 'linux', architecture: 'arm64', variant: 'v8' },
      ],
    };
  }

  /** What was to be measured. */
  readonly measured: (readonly UsageKind[])[] = [];

  async diskUsage(kinds: ReadonlySet<UsageKind>): Promise<DiskUsage> {
    this.measured.push([...kinds]);
    const view = await this.view();
    return {
      view,
      ...(kinds.has('images')
        ? { images: { bytes: 100, reclaimable: 40, of: new Map([...view.images.keys()].map((id) => [id, { bytes: 60, shared: 20 }])) } }
        : {}),
      ...(kinds.has('containers')
        ? { containers: new Map([...view.containers.keys()].map((id) => [id, { own: 4096, rootfs: 8192 }])) }
        : {}),
      ...(kinds.has('volumes')
        ? { volumes: new Map([...view.volumes.keys()].map((name, index) => [name, index === 0 ? 7 : undefined])) }
        : {}),
    };
  }

  async usage(container: string): Promise<ContainerUsage | undefined> {
    if (this.state.container(container).status !== 'running') return undefined;
    this.#samples += 1;
    return {
      at: now(),
      cgroup: {
        pids: { current: 2, limit: 0 },
        cpu: { usageNs: this.#samples * 1000, userNs: 600, systemNs: 400, periods: 0, throttledPeriods: 0, throttledNs: 0 },
        memory: { usageBytes: 4096, maxUsageBytes: 8192, limitBytes: 0, inactiveFileBytes: 0, oomKills: 0, detail: { anon: 4096 } },
        io: [{ major: 8, minor: 1, readBytes: 512, writeBytes: 1024, reads: 1, writes: 2 }],
      },
      interfaces: [
        {
          name: 'eth0',
          receive: { bytes: 10, packets: 1, errors: 0, dropped: 0 },
          transmit: { bytes: 20, packets: 2, errors: 0, dropped: 0 },
        },
      ],
      host: { cpuNs: this.#samples * 10_000, cpus: 2, memoryBytes: 65_536 },
    };
  }

  async seal(
    entries: readonly string[],
  ): Promise<{ readonly names: readonly string[]; readonly secret?: { readonly id: string; readonly hmac: string } }> {
    if (entries.length === 0) return { names: [] };
    const id = `secret-${this.#secrets.size}`;
    this.#secrets.set(id, entries);
    return { names: entries.map((entry) => entry.replace(/=.*/s, '')), secret: { id, hmac: '00' } };
  }

  async unseal(env: { readonly names: readonly string[]; readonly secret?: { readonly id: string } }): Promise<readonly string[]> {
    return this.#secrets.get(env.secret?.id ?? '') ?? env.names;
  }

  readonly defaults = { storageDriver: 'vfs', runtime: 'crun', logDriver: 'k8s-file', logOptions: {} };

  async info(): Promise<EngineInfo> {
    return {
      engineId: '0123456789ab',
      instance: 'instance',
      version: '0.1.0',
      startedAt: '1700000000000000000',
      root: '/var/lib/shiplog',
      ...this.defaults,
      drivers: [],
      warnings: ['WARNING: this is a fake engine'],
      log: { firstSeq: 0, sealedSeq: -1, durableSeq: this.log.durableSeq, bytes: 0 },
    };
  }
}

const DEFAULTS = {
  storageDriver: 'vfs',
  runtime: 'crun',
  logDriver: 'k8s-file',
  logRoot: '/var/lib/shiplog/logs',
  stopTimeoutSeconds: 10,
  volumeRoot: '/var/lib/shiplog/volumes',
};
