import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppendRequest, EventLog, ShiplogEvent } from '@shiplog/contracts';
import { canonicalJson, openLevelLog } from '@shiplog/event-log';
import { ClassicLevel } from 'classic-level';
import { interleave, type Series } from '../measure.ts';
import { BareCrowd } from './bare-crowd.ts';
import { stopRequest } from './events.ts';

const CROWD = 256;
/** Events a round of the crowd and of the large batches, and appends a round of the lone one. */
const CROWD_EVENTS = 16_384;
const LONE_EVENTS = 300;
const BATCH = 1024;

/** Two databases in one directory: ours, and LevelDB as it is with what our log would store, made beforehand. */
export class AppendBench {
  #number = 0;
  #key = 0;
  readonly #waits: number[] = [];

  private constructor(
    private readonly directory: string,
    private readonly log: EventLog,
    private readonly raw: ClassicLevel<string, Buffer>,
    private readonly values: readonly Buffer[],
    private readonly placed: ShiplogEvent,
  ) {}

  static async prepare(): Promise<AppendBench> {
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-bench-'));
    const log = await openLevelLog({ directory: join(directory, 'log'), boot: 'b'.repeat(36), inst: 'abcdef012345' });
    const raw = new ClassicLevel<string, Buffer>(join(directory, 'raw'), { valueEncoding: 'buffer', writeBufferSize: 16 * 1024 * 1024 });
    await raw.open();
    const sample = log.append(stopRequest(0, { idem: 'key-0' }));
    await sample.durable;
    const values = Array.from({ length: BATCH }, (_, index) =>
      Buffer.from(canonicalJson({ ...sample.events[0], op: `op-${index}`, seq: index })),
    );
    if (sample.events[0] === undefined) throw new Error('nothing was appended');
    return new AppendBench(directory, log, raw, values, sample.events[0]);
  }

  /** Bytes of one event. */
  get eventBytes(): number {
    return this.values[0]?.length ?? 0;
  }

  async run(rounds: number): Promise<{ readonly crowd: Record<string, Series>; readonly lone: Record<string, Series> }> {
    const text = this.values[0]?.toString('latin1') ?? '';
    const crowd = await interleave(rounds, {
      'raw batch of 1,024, array form': () => rate(CROWD_EVENTS, () => this.#rawBatches('array', BATCH)),
      'raw batch of 1,024, chained form': () => rate(CROWD_EVENTS, () => this.#rawBatches('chained', BATCH)),
      // As many as are ever under way at once: what a sync for each crowd costs by itself.
      'raw batch of 256, array form': () => rate(CROWD_EVENTS, () => this.#rawBatches('array', CROWD)),
      '256 appenders': () => this.#crowd(),
      // As an operation appends: several events at once. As many are under way then as the baseline has in a batch.
      '256 appenders of four events': () => this.#crowd(4),
      // What the same crowd would get with no guarantee but the sync: one write for all of it, or half of it beside the other half's.
      'bare, texts given': () => this.#bareCrowd(CROWD, () => text),
      'bare, requests and JSON': () => this.#bareCrowd(CROWD, () => this.#bareText()),
      'bare, requests and JSON, in halves': () => this.#bareCrowd(CROWD / 2, () => this.#bareText()),
    });
    const lone = await interleave(rounds, {
      'raw put': () => rate(LONE_EVENTS, () => this.#rawPuts()),
      'one appender': () => this.#lone(),
    });
    return { crowd, lone };
  }

  /** Milliseconds that a share of the crowd's appends waited at most. */
  wait(share: number): number {
    const sorted = this.#waits.toSorted((a, b) => a - b);
    return sorted[Math.floor(sorted.length * share)] ?? Number.NaN;
  }

  async done(): Promise<void> {
    await this.log.close();
    await this.raw.close();
    await rm(this.directory, { recursive: true, force: true });
  }

  async #rawBatches(form: 'array' | 'chained', size: number): Promise<void> {
    const values = this.values.slice(0, size);
    for (let done = 0; done < CROWD_EVENTS; done += size) {
      if (form === 'array') {
        await this.raw.batch(
          values.map((value) => ({ type: 'put' as const, key: this.#nextKey(), value })),
          { sync: true },
        );
      } else {
        const batch = this.raw.batch();
        for (const value of values) batch.put(this.#nextKey(), value);
        await batch.write({ sync: true });
      }
    }
  }

  async #rawPuts(): Promise<void> {
    const value = this.values[0] ?? Buffer.alloc(0);
    for (let done = 0; done < LONE_EVENTS; done++) await this.raw.put(this.#nextKey(), value, { sync: true });
  }

  #crowd(events = 1): Promise<number> {
    return crowd(async () => {
      const request = this.#request(events);
      const began = performance.now();
      await this.log.append(request).durable;
      if (events === 1) this.#waits.push(performance.now() - began);
    }, events);
  }

  #bareCrowd(enough: number, text: () => string): Promise<number> {
    const bare = new BareCrowd(this.raw, () => this.#nextKey(), enough);
    return crowd(() => bare.append(text()));
  }

  /** A request, and an event's JSON in one call of the engine, with what the log adds to it given. */
  #bareText(): string {
    const number = ++this.#number;
    const { stamp, events } = stopRequest(number, { idem: `key-${number}` });
    return JSON.stringify({ ...this.placed, ...stamp, ...events[0], rev: number, seq: number });
  }

  async #lone(): Promise<number> {
    return rate(LONE_EVENTS, async () => {
      for (let done = 0; done < LONE_EVENTS; done++) await this.log.append(this.#request()).durable;
    });
  }

  /** It expects its stream's revision, and that nobody ever held its port. */
  #request(events = 1): AppendRequest {
    const number = ++this.#number;
    const request = stopRequest(number, { idem: `key-${number}` });
    const [event] = request.events;
    const stream = event?.stream ?? 'engine';
    return {
      ...request,
      ...(event !== undefined && events > 1 && { events: Array.from({ length: events }, () => event) }),
      expected: { [stream]: this.log.revision(stream) },
      conditions: [{ tags: [`port:tcp:${number}`], after: -1 }],
    };
  }

  #nextKey(): string {
    return `e${String(this.#key++).padStart(16, '0')}`;
  }
}

/** Events a second of 256 loops, each of which waits for what it appends: `events` at once. */
function crowd(append: () => Promise<void>, events = 1): Promise<number> {
  let left = CROWD_EVENTS / events;
  const appender = async (): Promise<void> => {
    while (left-- > 0) await append();
  };
  return rate(CROWD_EVENTS, async () => {
    await Promise.all(Array.from({ length: CROWD }, appender));
  });
}

/** Events a second. */
async function rate(events: number, work: () => Promise<void>): Promise<number> {
  const began = performance.now();
  await work();
  return (events / (performance.now() - began)) * 1000;
}
