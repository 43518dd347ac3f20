import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import { MemoryLevel } from 'memory-level';
import { openEventLog } from '@shiplog/event-log';
import type { ContainerSpec, EventLog, PluginControl, ShiplogEvent } from '@shiplog/contracts';
import { type RunningEngine, startEngine } from '../start-engine.ts';
import type { Clock, Drivers, EngineParts } from '../ports.ts';
import type { SimWorld } from './sim-world.ts';

type Bytes = MemoryLevel<Uint8Array, Uint8Array>;

/** A log that outlives engines, as a disk does. Each engine writes to a copy of what it found: one that was killed writes no more. */
export class SimDisk {
  #db: Bytes = emptyDatabase();
  #ids = 0;

  /** From now on every write fails, as on a full disk. */
  fill(): void {
    this.#db.hooks.prewrite.add(() => {
      throw new Error('no space left on device');
    });
  }

  async open(): Promise<EventLog> {
    const found = await this.#db.iterator().all();
    this.#db = emptyDatabase();
    await this.#db.batch(found.map(([key, value]) => ({ type: 'put', key, value })));
    return openEventLog({ db: this.#db as never, boot: 'boot-1', inst: 'inst', newId: () => String((this.#ids += 1)).padStart(8, '0') });
  }
}

function emptyDatabase(): Bytes {
  return new MemoryLevel({ keyEncoding: 'view', valueEncoding: 'view' });
}

let hexes = 0;

/** Both clocks stand still, and waiting takes as long as it takes. */
const CLOCK: Clock = {
  now: () => '1000',
  mono: () => '1',
  ms: () => performance.now(),
  deadline: (ms) => AbortSignal.timeout(ms),
  after: (ms, run) => {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** An engine over a simulated world and disk. Not stopping it and starting another is a kill -9. */
export async function simEngine(
  world: SimWorld,
  disk: Pick<SimDisk, 'open'>,
  drivers: Drivers = world.drivers(),
  plugins?: PluginControl,
): Promise<RunningEngine> {
  const silent = (): void => undefined;
  const parts: EngineParts = {
    log: await disk.open(),
    drivers,
    ...(plugins === undefined ? {} : { plugins }),
    clock: CLOCK,
    identities: { op: () => `op${(hexes += 1)}`, hex: () => (hexes += 1).toString(16).padStart(32, '0').repeat(2) },
    paths: { root: '/root', rootfs: (id) => `/run/rootfs/${id}`, sandbox: (id) => `/run/netns/${id}` },
    host: {
      hostname: 'sim',
      bootId: 'boot-1',
      architecture: 'amd64',
      resolvConf: async () => '',
      usage: async () => ({ cpuNs: 0, cpus: 1, memoryBytes: 0 }),
      traffic: async () => [],
    },
    logger: { debug: silent, info: silent, warn: silent, error: silent },
    defaults: { storageDriver: 'sim', runtime: 'sim', logDriver: 'sim', logRoot: '/log', stopTimeoutSeconds: 1, volumeRoot: '/volumes' },
    chosen: { cgroup: 'sim', imageStore: 'sim', vault: 'sim' },
    networks: [
      { name: 'bridge', driver: 'bridge', subnet: '172.30.0.0/24', options: {} },
      { name: 'host', driver: 'host', options: {} },
      { name: 'none', driver: 'none', options: {} },
    ],
    engineId: 'sim',
    instance: 'inst',
    version: '0',
    config: {},
  };
  return startEngine(parts);
}

export const CALLER = { actor: { scheme: 'unix', uid: 1000, gid: 1000, pid: 42 } } as const;

/** A container of the simulated image that asks for nothing special. */
export function simSpec(more: Partial<ContainerSpec> = {}): ContainerSpec {
  return { ...PLAIN_SPEC, image: 'sim', logDriver: 'sim', ...more };
}

/** All events of an engine's log. */
export async function eventsOf(engine: RunningEngine): Promise<ShiplogEvent[]> {
  const events: ShiplogEvent[] = [];
  for await (const event of engine.log.read()) events.push(event);
  return events;
}
