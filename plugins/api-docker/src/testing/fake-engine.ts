import { createHash, randomBytes } from 'node:crypto';
import {
  type Actor,
  type Caller,
  type CommandAnswers,
  type CommandArgs,
  type CommandStreams,
  type CommandType,
  type ContainerRecord,
  type Decisions,
  type Digest,
  type Engine,
  type EngineInfo,
  type ImageRecord,
  type IoChannel,
  type LogOptions,
  type LogRead,
  type LogRecord,
  type Outcomes,
  type Moment,
  type ObjectKind,
  type ObjectRecords,
  type ContainerUsage,
  type PathChange,
  type ProcessTable,
  type ReadRecord,
  ShiplogError,
  type StateView,
  type StreamName,
  type WaitCondition,
} from '@shiplog/contracts';
import { FakeLog } from './fake-log.ts';
import { FakeProcess } from './fake-process.ts';
import { FakeView } from './fake-view.ts';

/** A command, decided: what its intent says and what doing it brings. */
interface Decided<T extends CommandType> {
  readonly stream: StreamName;
  readonly decided: Decisions[T];
  run(op: string): Promise<{ readonly outcome: Outcomes[T]; readonly answer: CommandAnswers[T] }>;
}

type Handlers = { readonly [T in CommandType]?: (args: CommandArgs[T], streams: CommandStreams) => Decided<T> };

/** A refused request, as the audit would have it. */
export interface Refusal {
  readonly type: CommandType;
  readonly error: Error;
  readonly caller: Caller;
}

/** An engine that holds everything in memory and runs {@link FakeProcess}es. Test double. */
export class FakeEngine implements Engine {
  readonly log = new FakeLog();
  readonly state = new FakeView();
  readonly refusals: Refusal[] = [];
  readonly reads: { readonly read: LogRead; readonly caller: Caller }[] = [];
  readonly calls: { readonly type: CommandType; readonly args: object; readonly caller: Caller }[] = [];
  readonly #processes = new Map<string, FakeProcess>();
  readonly #secrets = new Map<string, readonly string[]>();
  readonly #waiting = new Set<() => void>();
  readonly #handlers: Handlers;
  #operations = 0;
  #samples = 0;

  constructor() {
    this.#handlers = this.#makeHandlers();
    this.#addNetwork('bridge');
    this.#addImage('busybox:latest', ['sh']);
  }

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

  async refuse(type: CommandType, error: Error, caller: Caller): Promise<ShiplogError> {
    this.refusals.push({ type, error, caller });
    return ShiplogError.wrap(error);
  }

  async revealed<R>(record: R): Promise<R> {
    return record;
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

  async attach(container: string): Promise<IoChannel> {
    return this.#process(this.state.container(container).id).attach();
  }

  async attachExec(exec: string): Promise<IoChannel> {
    return this.#process(this.state.exec(exec).id).attach();
  }

  async wait(
    container: string,
    condition: WaitCondition,
    signal?: AbortSignal,
  ): Promise<{ readonly exitCode: number; readonly error?: string }> {
    const { id } = this.state.container(container);
    const finishedAt = this.state.containers.get(id)?.finishedAt;
    let last = this.state.container(id);
    for (;;) {
      const current = this.state.containers.get(id);
      last = current ?? last;
      if (signal?.aborted === true) throw new ShiplogError('CANCELED', 'the caller went away');
      if (current === undefined) return { exitCode: last.exitCode };
      if (condition === 'not-running' && current.status !== 'running') return { exitCode: current.exitCode };
      if (condition === 'next-exit' && current.finishedAt !== finishedAt) return { exitCode: current.exitCode };
      await new Promise<void>((resolve) => {
        this.#waiting.add(resolve);
        signal?.addEventListener('abort', () => resolve());
      });
    }
  }

  async *logs(container: string, options: LogOptions): AsyncGenerator<LogRecord> {
    const process = this.#process(this.state.container(container).id);
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

  /** Every container has written so much. */
  async size(container: string): Promise<number> {
    this.state.container(container);
    return 4096;
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

  async info(): Promise<EngineInfo> {
    return {
      engineId: '0123456789ab',
      instance: 'instance',
      version: '0.1.0',
      startedAt: '1700000000000000000',
      root: '/var/lib/shiplog',
      storageDriver: 'vfs',
      runtime: 'crun',
      logDriver: 'k8s-file',
      logOptions: {},
      drivers: [],
      warnings: ['WARNING: this is a fake engine'],
      log: { firstSeq: 0, sealedSeq: -1, durableSeq: this.log.durableSeq },
    };
  }

  #makeHandlers(): Handlers {
    return {
      'container.create': ({ name, spec }) => {
        const image = this.state.image(spec.image);
        const taken = [...this.state.containers.values()].find((container) => container.name === name);
        if (name !== undefined && taken !== undefined) {
          throw new ShiplogError(
            'CONTAINER_NAME_IN_USE',
            `Conflict. The container name "/${name}" is already in use by container "${taken.id}".`,
          );
        }
        const id = randomBytes(32).toString('hex');
        const decided = {
          id,
          name: name ?? `fake_${id.slice(0, 6)}`,
          spec,
          imageId: image.id,
          argv: [...(spec.entrypoint ?? []), ...(spec.cmd ?? image.config.Cmd ?? [])],
          storageDriver: 'vfs',
          runtime: 'crun',
          logDriver: spec.logDriver,
          logPath: `/var/lib/shiplog/logs/${id}`,
        };
        return {
          stream: `container/${id}`,
          decided,
          run: async () => {
            this.state.containers.set(id, { ...decided, ...newContainer(), createdAt: now() });
            this.#addProcess(id);
            return { outcome: { warnings: [] }, answer: { id, warnings: [] } };
          },
        };
      },
      'container.start': ({ container }) => {
        const { id, argv, status } = this.state.container(container);
        if (status === 'running') throw new ShiplogError('CONTAINER_ALREADY_STARTED', 'it runs already');
        return {
          stream: `container/${id}`,
          decided: { id, endpoints: [], sandbox: 'bridge' },
          run: async () => {
            if (argv[0] === 'nosuch') {
              this.#process(id).fail();
              throw new ShiplogError('COMMAND_NOT_FOUND', 'exec: "nosuch"');
            }
            this.#patch(id, { status: 'running', startedAt: now(), process: PROCESS });
            this.#process(id).start(argv);
            return { outcome: { process: PROCESS }, answer: { id } };
          },
        };
      },
      'container.stop': ({ container }) => {
        const { id, status } = this.state.container(container);
        if (status !== 'running') throw new ShiplogError('CONTAINER_ALREADY_STOPPED', 'it does not run');
        return {
          stream: `container/${id}`,
          decided: { id, signal: 15, timeoutSeconds: 10 },
          run: async (op) => {
            this.#signal(op, id, 'container.stop', 15);
            return { outcome: { exitCode: 143 }, answer: { id, exitCode: 143 } };
          },
        };
      },
      'container.kill': ({ container, signal }) => {
        const { id, name, status } = this.state.container(container);
        if (status !== 'running')
          throw new ShiplogError('CONTAINER_NOT_RUNNING', `cannot kill container: ${name}: container is not running`);
        const number = signal === 'TERM' || signal === 'SIGTERM' ? 15 : 9;
        return {
          stream: `container/${id}`,
          decided: { id, signal: number },
          run: async (op) => {
            this.#signal(op, id, 'container.kill', number);
            return { outcome: {}, answer: { id } };
          },
        };
      },
      'container.update': ({ container, limits, restart }) => {
        const { id, spec } = this.state.container(container);
        return {
          stream: `container/${id}`,
          decided: { id, limits, ...(restart === undefined ? {} : { restart }) },
          run: async () => {
            this.#patch(id, { spec: { ...spec, resources: { ...spec.resources, ...limits }, restart: restart ?? spec.restart } });
            return { outcome: { warnings: [] }, answer: { id, warnings: [] } };
          },
        };
      },
      'container.rename': ({ container, name }) => {
        const { id, name: oldName } = this.state.container(container);
        return {
          stream: `container/${id}`,
          decided: { id, name, oldName },
          run: async () => {
            this.#patch(id, { name });
            return { outcome: {}, answer: { id } };
          },
        };
      },
      'container.remove': ({ container, force }) => {
        const { id, name, status } = this.state.container(container);
        if (status === 'running' && !force) {
          throw new ShiplogError(
            'CONTAINER_RUNNING',
            `cannot remove container "${name}": container is running: stop the container before removing or force remove`,
          );
        }
        return {
          stream: `container/${id}`,
          decided: { id, kill: force, volumes: [] },
          run: async (op) => {
            if (status === 'running') this.#signal(op, id, 'container.remove', 9);
            this.state.containers.delete(id);
            this.#wake();
            return { outcome: {}, answer: { id } };
          },
        };
      },
      'container.prune': ({ containers }) => ({
        stream: 'engine',
        decided: { ids: containers },
        run: async () => {
          for (const id of containers) this.state.containers.delete(id);
          return { outcome: { removed: containers, reclaimedBytes: 0 }, answer: { removed: containers, reclaimedBytes: 0 } };
        },
      }),
      'exec.create': ({ container, spec }) => {
        const { id: containerId, name, status } = this.state.container(container);
        if (status !== 'running') throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${name} is not running`);
        const id = randomBytes(32).toString('hex');
        return {
          stream: `container/${containerId}`,
          decided: { id, containerId, spec },
          run: async () => {
            this.state.execs.set(id, { id, containerId, spec, status: 'created', createdAt: now(), startedAt: '', finishedAt: '' });
            this.#processes.set(id, new FakeProcess((exitCode) => this.#execExited(id, containerId, exitCode)));
            return { outcome: {}, answer: { id } };
          },
        };
      },
      'exec.start': ({ exec }) => {
        const found = this.state.exec(exec);
        return {
          stream: `container/${found.containerId}`,
          decided: { id: found.id, containerId: found.containerId },
          run: async () => {
            if (found.spec.command[0] === 'nosuch') {
              this.state.execs.set(found.id, { ...found, status: 'exited', exitCode: 127 });
              throw new ShiplogError('COMMAND_NOT_FOUND', 'exec: "nosuch"');
            }
            this.state.execs.set(found.id, { ...found, status: 'running', startedAt: now(), process: PROCESS });
            this.#process(found.id).start(found.spec.command);
            return { outcome: { process: PROCESS }, answer: { id: found.id } };
          },
        };
      },
      'image.load': (_args, streams) => ({
        stream: 'engine',
        decided: { ingest: 'ingest' },
        run: async () => {
          const text = await textOf(streams.body);
          if (!text.startsWith('image ')) throw new ShiplogError('ARCHIVE_INVALID', 'unexpected end of archive');
          streams.progress?.({ id: 'layer', status: 'Loading layer', current: 1, total: 2 });
          const image = this.#addImage(text.slice(6), ['sh']);
          return {
            outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs' },
            answer: { images: [{ id: image.id, tags: image.tags }] },
          };
        },
      }),
      'image.import': ({ reference = '' }, streams) => ({
        stream: 'engine',
        decided: { ingest: 'ingest', reference },
        run: async () => {
          await textOf(streams.body);
          const image = this.#addImage(reference, []);
          return { outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs' }, answer: { id: image.id } };
        },
      }),
      'image.pull': ({ reference: asked, source = 'directory' }, streams) => ({
        stream: 'engine',
        decided: { ingest: 'ingest', reference: asked, source },
        run: async () => {
          const reference = asked.replace(/^docker\.io\/(library\/)?/, '');
          if (reference.startsWith('nobody')) throw new ShiplogError('IMAGE_NOT_FOUND', `manifest for ${reference} not found`);
          streams.progress?.({ id: 'layer', status: 'Downloading', current: 1, total: 2 });
          const image = this.#addImage(reference, ['sh']);
          const repoDigest = `${reference.split(':')[0]}@${image.id}`;
          return {
            outcome: { images: [{ manifest: image, tags: image.tags }], storageDriver: 'vfs', source, repoDigest, isNew: true },
            answer: { id: image.id, digest: image.id, source, isNew: true },
          };
        },
      }),
      'image.tag': ({ image, reference: asked }) => {
        const reference = asked.replace(/^docker\.io\/(library\/)?/, '');
        const found = this.state.image(image);
        return {
          stream: `image/${found.id}`,
          decided: { id: found.id, reference },
          run: async () => {
            this.state.images.set(found.id, { ...found, tags: [...found.tags, reference] });
            return { outcome: {}, answer: { id: found.id } };
          },
        };
      },
      'image.remove': ({ image }) => {
        const { id, tags } = this.state.image(image);
        return {
          stream: `image/${id}`,
          decided: { removals: [{ id, untag: tags, remove: true, snapshots: [], blobs: [] }] },
          run: async () => {
            this.state.images.delete(id);
            return { outcome: {}, answer: { untagged: tags, deleted: [id] } };
          },
        };
      },
      'network.create': (args) => {
        const id = randomBytes(32).toString('hex');
        const decided = { id, subnet: '172.30.0.0/16', gateway: '172.30.0.1', predefined: false, ...args };
        return {
          stream: `network/${id}`,
          decided,
          run: async () => {
            this.state.networks.set(id, { ...decided, createdAt: now() });
            return { outcome: {}, answer: { id } };
          },
        };
      },
      'network.remove': ({ network }) => {
        const { id, name, predefined } = this.state.network(network);
        if (predefined) throw new ShiplogError('NETWORK_PREDEFINED', `${name} is a pre-defined network and cannot be removed`);
        return {
          stream: `network/${id}`,
          decided: { id },
          run: async () => {
            this.state.networks.delete(id);
            return { outcome: {}, answer: { id } };
          },
        };
      },
    };
  }

  #addImage(tag: string, command: readonly string[]): ImageRecord {
    const id: Digest = `sha256:${createHash('sha256').update(tag).digest('hex')}`;
    const image: ImageRecord = {
      id,
      architecture: 'amd64',
      os: 'linux',
      created: '2026-01-02T03:04:05Z',
      config: { Cmd: command, Env: ['PATH=/bin'], Labels: { maker: 'test' } },
      layers: [{ diffId: id, chainId: id, digest: id, mediaType: 'application/vnd.oci.image.layer.v1.tar', size: 4096 }],
      history: [{ created: '2026-01-02T03:04:05Z', created_by: 'ADD rootfs' }],
      size: 4096,
      tags: tag === '' ? [] : [tag],
      repoDigests: [],
      arrivedAt: now(),
      lastTaggedAt: now(),
      storageDriver: 'vfs',
    };
    this.state.images.set(id, image);
    return image;
  }

  #addNetwork(name: string): void {
    const id = createHash('sha256').update(name).digest('hex');
    this.state.networks.set(id, {
      id,
      name,
      driver: 'bridge',
      subnet: '172.17.0.0/16',
      gateway: '172.17.0.1',
      internal: false,
      predefined: true,
      options: {},
      labels: {},
      createdAt: now(),
    });
  }

  #addProcess(id: string): void {
    this.#processes.set(id, new FakeProcess((exitCode) => this.#exited(id, exitCode), this.#processes.get(id)?.printed));
  }

  #process(id: string): FakeProcess {
    const process = this.#processes.get(id);
    if (process === undefined) throw new ShiplogError('INTERNAL', `no process for ${id}`);
    return process;
  }

  #signal(op: string, id: string, verb: string, signal: number): void {
    this.log.append(op, `container/${id}`, 'operation.step', 'meta', { verb, step: 'signal', facts: { signal } });
    this.#process(id).kill(signal);
  }

  #exited(id: string, exitCode: number): void {
    const finishedAt = now();
    this.#patch(id, { status: 'exited', exitCode, finishedAt });
    // Whoever attaches from now on attaches to the next run.
    this.#addProcess(id);
    this.log.append(`exit-${id}`, `container/${id}`, 'container.exited', 'observed', {
      id,
      exitCode,
      oomKilled: false,
      finishedAt,
      source: 'monitor',
    });
    if (this.state.containers.get(id)?.spec.autoRemove === true) {
      const caller: Caller = { actor: { scheme: 'system', reason: 'auto-remove' } };
      setImmediate(() => void this.execute('container.remove', { container: id, force: false, volumes: true }, caller));
    }
    this.#wake();
  }

  #execExited(id: string, containerId: string, exitCode: number): void {
    // Later than the end of the output, as in life.
    setTimeout(() => {
      const finishedAt = now();
      this.state.execs.set(id, { ...this.state.exec(id), status: 'exited', exitCode, finishedAt });
      this.log.append(`exit-${id}`, `container/${containerId}`, 'exec.exited', 'observed', { id, containerId, exitCode, finishedAt });
    }, 30);
  }

  #patch(id: string, change: Partial<ContainerRecord>): void {
    this.state.containers.set(id, { ...this.state.container(id), ...change });
    this.#wake();
  }

  #wake(): void {
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

const PROCESS = { pid: 4242, startTicks: 1, bootId: 'boot' };

const DEFAULTS = {
  storageDriver: 'vfs',
  runtime: 'crun',
  logDriver: 'k8s-file',
  logRoot: '/var/lib/shiplog/logs',
  stopTimeoutSeconds: 10,
  volumeRoot: '/var/lib/shiplog/volumes',
};

function newContainer(): Omit<
  ContainerRecord,
  'id' | 'name' | 'spec' | 'imageId' | 'argv' | 'createdAt' | 'storageDriver' | 'runtime' | 'logDriver' | 'logPath'
> {
  return {
    status: 'created',
    startedAt: '',
    finishedAt: '',
    exitCode: 0,
    oomKilled: false,
    error: '',
    restartCount: 0,
    stopRequested: false,
    endpoints: {},
    active: false,
    execIds: [],
  };
}

function now(): string {
  return (BigInt(Date.now()) * 1_000_000n).toString();
}

async function textOf(body: AsyncIterable<Uint8Array> | undefined): Promise<string> {
  const chunks: Uint8Array[] = [];
  if (body !== undefined) for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
