import { PLAIN_SPEC } from '@shiplog/contracts/testing';
import { MemoryLevel } from 'memory-level';
import { openEventLog } from '@shiplog/event-log';
import type { ContainerSpec, EventLog, PluginControl, ShiplogEvent } from '@shiplog/contracts';
import { type RunningEngine, startEngine } from '../start-engine.ts';
import type { Clock, Drivers } from '../ports.ts';
import { simParts } from './sim-parts.ts';
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

let made = 0;

/** Waiting takes as long as it takes. */
function clockOf({ clocks }: SimWorld): Clock {
  return {
    now: () => String(clocks.now),
    mono: () => String(clocks.mono),
    ms: () => performance.now(),
    deadline: (ms) => AbortSignal.timeout(ms),
    after: (ms, run) => {
      const timer = setTimeout(run, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** An engine over a simulated world and disk. Not stopping it and starting another is a kill -9. */
export async function simEngine(
  world: SimWorld,
  disk: Pick<SimDisk, 'open'>,
  drivers: Drivers = world.drivers(),
  plugins?: PluginControl,
): Promise<RunningEngine> {
  const log = await disk.open();
  const parts = simParts({
    log,
    drivers,
    clock: clockOf(world),
    instance: 'inst',
    next: () => `op${String((made += 1)).padStart(6, '0')}`,
  });
  const host = {
    ...parts.host,
    bootId: world.bootId,
    treeBytes: async (path: string) => world.trees.get(path) ?? 0,
    exists: async (path: string) => !world.missing.has(path),
  };
  return startEngine({ ...parts, host, ...(plugins === undefined ? {} : { plugins }) });
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
