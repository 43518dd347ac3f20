import {
  type DriverFamilies,
  type DriverInfo,
  type DriverKind,
  type ImageManifest,
  type IngestedImage,
  type Observed,
  type ProcessExit,
  type ProcessRef,
  ShiplogError,
  simulateDriver,
} from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';

const BOOT = 'boot-1';

/** An image that archives of the simulated world hold. */
export const IMAGE: ImageManifest = {
  id: `sha256:${'a'.repeat(64)}`,
  architecture: 'amd64',
  os: 'linux',
  created: '',
  config: { Cmd: ['sh'], Env: ['PATH=/bin'] },
  layers: [
    {
      diffId: `sha256:${'b'.repeat(64)}`,
      chainId: `sha256:${'b'.repeat(64)}`,
      digest: `sha256:${'c'.repeat(64)}`,
      mediaType: 'tar',
      size: 1,
    },
  ],
  history: [],
  size: 1,
};

/**
 * A host in memory: what drivers made on it outlives the engine. Every effect is counted, so that a test can fail or end
 * the engine at any of them.
 */
export class SimWorld {
  /** `kind/resource/id`. */
  readonly things = new Set<string>();
  readonly processes = new Map<string, { readonly ref: ProcessRef; state: 'created' | 'running' | 'exited'; exitCode: number }>();
  readonly secrets = new Map<string, string>();
  effects = 0;
  /** The effect with this number throws before it happens. */
  failAt = Number.POSITIVE_INFINITY;
  /** From this effect on nothing answers any more: the engine is as good as killed. `after` lets that effect itself happen. */
  dieAt = Number.POSITIVE_INFINITY;
  dieAfter = false;
  readonly #tellers = new Set<(exit: ProcessExit) => void>();
  #pids = 100;

  /** Ends a process as if by itself. */
  exit(id: string, exitCode: number): void {
    const process = this.processes.get(id);
    if (process === undefined || process.state === 'exited') return;
    process.state = 'exited';
    process.exitCode = exitCode;
    for (const tell of this.#tellers) tell({ id, exitCode, oomKilled: false, finishedAt: '1000' });
  }

  /** Nobody of the old engine hears anything any more. */
  abandon(): void {
    this.#tellers.clear();
    this.dieAt = Number.POSITIVE_INFINITY;
    this.failAt = Number.POSITIVE_INFINITY;
    this.effects = 0;
  }

  /** What is left that some container, image or network should own. */
  leftovers(): string[] {
    return [...this.things, ...this.processes.keys()].filter((thing) => !thing.startsWith('network/')).toSorted();
  }

  drivers(): Drivers {
    return driversOf(this);
  }

  /** A pid nobody had. */
  freshPid(): number {
    this.#pids += 1;
    return this.#pids;
  }

  /** Tells exits to `tell` from now on. */
  follow(tell: (exit: ProcessExit) => void): void {
    this.#tellers.add(tell);
  }
}

/** Drivers that change the world. */
function driversOf(world: SimWorld): Drivers {
  const effect = async (change: () => void): Promise<void> => {
    world.effects += 1;
    const number = world.effects;
    if (number >= world.dieAt && !(world.dieAfter && number === world.dieAt)) return new Promise(() => undefined);
    if (number === world.failAt) throw new ShiplogError('KERNEL_CALL_FAILED', `effect ${number} fails`);
    change();
    if (number >= world.dieAt) return new Promise(() => undefined);
  };
  const make = (thing: string) => effect(() => world.things.add(thing));
  const unmake = (thing: string) => effect(() => world.things.delete(thing));
  const observe = (kind: string) => async (): Promise<Observed[]> =>
    [...world.things]
      .filter((thing) => thing.startsWith(`${kind}/`))
      .map((thing) => ({ resource: thing.split('/')[1] ?? '', id: thing.split('/').slice(2).join('/') }));
  const network: DriverFamilies['network'] = {
    observe: observe('network'),
    createNetwork: async ({ network: { id } }) => (await make(`network/network/${id}`), {}),
    removeNetwork: async ({ network: { id } }) => (await unmake(`network/network/${id}`), {}),
    openSandbox: async ({ id, path }) => (await make(`net/sandbox/${id}`), { path }),
    closeSandbox: async ({ id }) => (await unmake(`net/sandbox/${id}`), {}),
    attach: async ({ id }) => (await make(`net/endpoint/${id}`), {}),
    detach: async ({ id }) => (await unmake(`net/endpoint/${id}`), {}),
    freePorts: async ({ count }) => ({ ports: Array.from({ length: count }, (_, index) => 50_000 + index) }),
  };
  const families: DriverFamilies = {
    network,
    storage: {
      observe: observe('storage'),
      applyLayer: async ({ key, diffId }) => (await make(`storage/snapshot/${key}`), { diffId, bytes: 1 }),
      prepare: async ({ key }) => (await make(`storage/snapshot/${key}`), {}),
      mount: async ({ key }) => (await make(`storage/mount/${key}`), { mounts: [] }),
      unmount: async ({ key }) => (await unmake(`storage/mount/${key}`), {}),
      remove: async ({ key }) => (await unmake(`storage/snapshot/${key}`), {}),
      usage: async () => ({ bytes: 1, inodes: 1 }),
    },
    cgroup: {
      observe: observe('cgroup'),
      create: async ({ id }) => (await make(`cgroup/cgroup/${id}`), { cgroupsPath: `/sim/${id}`, unsupported: [] }),
      update: async () => ({ unsupported: [] }),
      join: async () => ({}),
      freeze: async ({ id }) => (await make(`cgroup/frozen/${id}`), {}),
      thaw: async ({ id }) => (await unmake(`cgroup/frozen/${id}`), {}),
      kill: async () => ({}),
      remove: async ({ id }) => (await unmake(`cgroup/cgroup/${id}`), {}),
      stats: async () => {
        throw new ShiplogError('NOT_SUPPORTED', 'the simulated world has no statistics');
      },
      processes: async () => ({ pids: [] }),
    },
    runtime: {
      observe: async () => [...world.processes.keys()].map((id) => ({ resource: 'container', id })),
      create: async ({ id }) => {
        const pid = world.freshPid();
        const ref = { pid, startTicks: pid, bootId: BOOT };
        await effect(() => world.processes.set(id, { ref, state: 'created', exitCode: 0 }));
        return { process: ref };
      },
      start: async ({ id }) => {
        await effect(() => {
          const process = world.processes.get(id);
          if (process !== undefined) process.state = 'running';
        });
        return {};
      },
      signal: async ({ id, signal }: { id: string; signal: number }) => {
        const delivered = world.processes.get(id)?.state === 'running';
        await effect(() => {
          if (signal === 9 || signal === 15) world.exit(id, 128 + signal);
        });
        return { delivered };
      },
      remove: async ({ id }) => {
        await effect(() => world.processes.delete(id));
        return {};
      },
      resize: async () => ({}),
      execCreate: async () => ({}),
      execStart: async () => ({ process: { pid: 1, startTicks: 1, bootId: BOOT } }),
      execRemove: async () => ({}),
      state: async ({ id }: { id: string }) => {
        const process = world.processes.get(id);
        if (process === undefined) return { status: 'absent' as const };
        return process.state === 'exited'
          ? { status: 'exited' as const, process: process.ref, exitCode: process.exitCode, finishedAt: '1000' }
          : { status: process.state, process: process.ref };
      },
      attach: async () => {
        throw new ShiplogError('NOT_SUPPORTED', 'the simulated world has no stdio');
      },
      top: async () => ({ titles: [], processes: [] }),
      async *exits(signal: AbortSignal) {
        const queue: ProcessExit[] = [];
        let wake = (): void => undefined;
        const tell = (exit: ProcessExit): void => {
          queue.push(exit);
          wake();
        };
        world.follow(tell);
        for (const [id, process] of world.processes)
          if (process.state === 'exited') tell({ id, exitCode: process.exitCode, oomKilled: false, finishedAt: '1000' });
        signal.addEventListener('abort', () => wake());
        while (!signal.aborted) {
          const next = queue.shift();
          if (next !== undefined) yield next;
          else
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
        }
      },
    },
    authorizer: simulateDriver('authorizer'),
    projection: simulateDriver('projection'),
    volume: { observe: async () => [], create: async () => ({}), remove: async () => ({}) },
    log: { observe: async () => [], async *read() {}, remove: async () => undefined },
    'image-store': {
      observe: observe('blob'),
      load: async (): Promise<IngestedImage[]> => {
        await make(`blob/blob/${IMAGE.id}`);
        await make(`blob/blob/${IMAGE.layers[0]?.digest}`);
        return [{ manifest: IMAGE, tags: ['sim:latest'] }];
      },
      import: async () => {
        throw new ShiplogError('NOT_SUPPORTED', 'the simulated world imports nothing');
      },
      path: async (digest) => `/${digest}`,
      remove: async (digests) => {
        for (const digest of digests) await unmake(`blob/blob/${digest}`);
      },
      discard: async () => undefined,
    },
    vault: {
      put: async (id, value) => {
        await effect(() => world.secrets.set(id, value));
        return { id, hmac: 'hmac' };
      },
      get: async ({ id }) => {
        const value = world.secrets.get(id);
        if (value === undefined) throw new ShiplogError('SECRET_NOT_FOUND', `no secret ${id}`);
        return value;
      },
      remove: (id) => effect(() => world.secrets.delete(id)),
      observe: async () => [...world.secrets.keys()],
    },
    get kernel(): never {
      throw new ShiplogError('INTERNAL', 'the simulated world has no kernel');
    },
    get api(): never {
      throw new ShiplogError('INTERNAL', 'the simulated world has no API');
    },
  };
  const names: { readonly [K in DriverKind]?: readonly string[] } = {
    network: ['bridge', 'host', 'none'],
    storage: ['sim'],
    cgroup: ['sim'],
    runtime: ['sim'],
    log: ['sim'],
    vault: ['sim'],
  };
  return {
    get: (kind) => families[kind],
    list: (): DriverInfo[] =>
      Object.entries(names).flatMap(([kind, all]) =>
        all.map((name) => ({
          kind: kind as DriverKind,
          name,
          capabilities: {},
          needs: {},
          doc: '',
          plugin: 'sim',
          probe: { usable: true } as const,
        })),
      ),
  };
}
