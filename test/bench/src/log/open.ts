import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRequest } from '@shiplog/contracts';
import { openLevelLog } from '@shiplog/event-log';
import { ClassicLevel } from 'classic-level';
import { interleave, type Series, timed } from '../measure.ts';
import { stopRequest } from './events.ts';
import { heldBytes } from './held-bytes.ts';

const APPEND = 1000;
const IDENTITY = { boot: 'b'.repeat(36), inst: 'abcdef012345' };

/** A log of a million events, opened again and again; beside it the same database read from its beginning. */
export class OpenBench {
  private constructor(
    private readonly directory: string,
    readonly events: number,
  ) {}

  /** Every tenth event comes with an idempotency key, as from a client that repeats what it does not know the end of. */
  static async prepare(events: number): Promise<OpenBench> {
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
    const log = await openLevelLog({ ...IDENTITY, directory });
    for (let from = 0; from < events; from += APPEND) {
      for (let number = from; number < from + APPEND; number++) log.append(request(number));
      await log.flushed();
    }
    await log.close();
    return new OpenBench(directory, events);
  }

  /** Milliseconds. */
  run(rounds: number): Promise<Record<string, Series>> {
    return interleave(rounds, {
      'scan and JSON.parse of the same log': () => timed(() => this.#scan()),
      open: () => this.#open(),
    });
  }

  /** Bytes that an open log holds, for each event. */
  async memory(): Promise<number> {
    const before = await heldBytes();
    const log = await openLevelLog({ ...IDENTITY, directory: this.directory });
    const bytes = (await heldBytes()) - before;
    await log.close();
    return bytes / this.events;
  }

  async done(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  async #open(): Promise<number> {
    const began = performance.now();
    const log = await openLevelLog({ ...IDENTITY, directory: this.directory });
    const ms = performance.now() - began;
    if (log.admittedSeq !== this.events - 1) throw new Error(`the log has ${log.admittedSeq + 1} events`);
    await log.close();
    return ms;
  }

  async #scan(): Promise<void> {
    const db = new ClassicLevel<string, Buffer>(join(this.directory, 'db'), { valueEncoding: 'buffer' });
    await db.open();
    const iterator = db.values({ gte: 's', lt: 's:', highWaterMarkBytes: 4 * 1024 * 1024 });
    let found = 0;
    for (let values = await iterator.nextv(1000); values.length > 0; values = await iterator.nextv(1000)) {
      for (const value of values) {
        const count = value.readUInt32BE(5);
        found += (JSON.parse(value.toString('utf8', 47, value.length - 4 * count)) as unknown[]).length;
      }
    }
    await iterator.close();
    await db.close();
    if (found !== this.events) throw new Error(`the database has ${found} events`);
  }
}

function request(number: number): AppendRequest {
  return stopRequest(number, number % 10 === 0 ? { idem: `key-${number}` } : {});
}
