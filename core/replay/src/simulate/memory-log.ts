import { canonicalJson, MemorySnapshots, ReaderHold } from '@shiplog/event-log';
import { type State, storedText, storeState } from '@shiplog/model';
import {
  type Admitted,
  type AppendRequest,
  type Boundary,
  type EventLog,
  type Hold,
  type MerkleTree,
  type NewEvent,
  type ReadOptions,
  type SealedRange,
  type ShiplogEvent,
  ShiplogError,
  type StreamName,
  type Verification,
  type VerifyOptions,
} from '@shiplog/contracts';
import { entryHash, Frontier, hashBytes } from '@shiplog/tlog';
import { Admission } from '../admission.ts';

export interface MemoryLogOptions {
  readonly boot: string;
  readonly inst: string;
  /** What stands for the events before the first, if it does not begin at 0. */
  readonly start?: State | undefined;
  /** Events of before, in order from the first position. */
  readonly events?: readonly ShiplogEvent[];
  /** Told every event at once, when it is admitted. */
  readonly appended?: (event: ShiplogEvent) => void;
}

/** How many microtasks later an append is durable. */
const FLUSH_MICROTASKS = 16;

/**
 * A log in memory, for an engine that runs ahead of time: it admits and refuses as the one on disk does, and needs nothing but
 * microtasks to be durable, so that who waits for all of them waits for all of it. Ends with the process.
 */
export class MemoryLog implements EventLog {
  readonly snapshots = new MemorySnapshots(() => this.durableSeq);
  readonly events: ShiplogEvent[] = [];
  readonly firstSeq: number;
  durableSeq: number;
  readonly #admission = new Admission();
  readonly #keys = new Map<string, { readonly seq: number; readonly op: string }>();
  readonly #identity: MemoryLogOptions;
  #durable = Promise.withResolvers<void>();
  #flushing: Promise<void> | undefined;
  readonly #boundary: Boundary | undefined;
  #closed = false;

  constructor(options: MemoryLogOptions) {
    const { start } = options;
    this.#identity = options;
    this.firstSeq = (start?.seq ?? -1) + 1;
    if (start !== undefined && this.firstSeq > 0) {
      this.#admission.begin(start);
      this.#boundary = { seq: start.seq, state: Buffer.from(storedText(storeState(start))) };
    }
    for (const event of options.events ?? []) this.#add(event);
    this.durableSeq = this.admittedSeq;
  }

  get admittedSeq(): number {
    return this.firstSeq + this.events.length - 1;
  }

  revision(stream: StreamName): number {
    return this.#admission.revision(stream);
  }

  findIdempotent(key: string): number | undefined {
    return this.#keys.get(key)?.seq;
  }

  append({ stamp, events, expected = {}, conditions = [] }: AppendRequest): Admitted {
    if (this.#closed) throw new ShiplogError('LOG_CLOSED', 'the log is closed');
    const first = stamp.idem === undefined ? undefined : this.#keys.get(stamp.idem);
    if (first !== undefined && first.op !== stamp.op)
      throw new ShiplogError('LOG_CONFLICT', `idempotency key ${stamp.idem} was used by operation ${first.op}`, { seq: first.seq });
    this.#admission.check(expected, conditions);
    const grown = new Map<string, number>();
    const placed = events.map((event, index) => {
      const rev = (grown.get(event.stream) ?? this.revision(event.stream)) + 1;
      grown.set(event.stream, rev);
      return this.#place(stamp, event, this.admittedSeq + 1 + index, rev);
    });
    // What JSON cannot hold is refused before anything is admitted, as by a log on disk.
    for (const event of placed) canonicalJson(event);
    for (const event of placed) this.#add(event);
    if (this.#identity.appended !== undefined) for (const event of placed) this.#identity.appended(event);
    return { events: placed, durable: this.flushed() };
  }

  #place(stamp: AppendRequest['stamp'], event: NewEvent, seq: number, rev: number): ShiplogEvent {
    const { boot, inst } = this.#identity;
    const id = `S${String(seq).padStart(25, '0')}`;
    // A new event is one of the union, and so is what becomes of it.
    return { v: 1, seq, id, rev, sv: 1, ...stamp, boot, inst, ...event } as ShiplogEvent;
  }

  #add(event: ShiplogEvent): void {
    this.events.push(event);
    this.#admission.add(event);
    if (event.idem !== undefined && !this.#keys.has(event.idem)) this.#keys.set(event.idem, { seq: event.seq, op: event.op });
  }

  async flushed(): Promise<void> {
    while (this.durableSeq < this.admittedSeq) await (this.#flushing ??= this.#flush());
  }

  async #flush(): Promise<void> {
    const seq = this.admittedSeq;
    // As from a disk, the answer comes a little later than the question.
    for (let wait = 0; wait < FLUSH_MICROTASKS; wait += 1) await undefined;
    this.durableSeq = seq;
    this.#flushing = undefined;
    this.#durable.resolve();
    this.#durable = Promise.withResolvers();
  }

  read(options: ReadOptions = {}): AsyncIterable<ShiplogEvent> {
    const from = this.#kept(options.from);
    const fits = fitting(options.types);
    const { stream, tag } = options;
    const wanted = (event: ShiplogEvent): boolean =>
      fits(event) && (stream ?? event.stream) === event.stream && (tag === undefined || event.tags?.includes(tag) === true);
    return { [Symbol.asyncIterator]: () => this.#range(from, options.to, wanted) };
  }

  /** Throws LOG_PRUNED for a position that is before the first. */
  #kept(from = this.firstSeq): number {
    if (position(from) < this.firstSeq) throw this.#pruned(from);
    return from;
  }

  #pruned(from: number): ShiplogError {
    const first = this.firstSeq;
    return new ShiplogError('LOG_PRUNED', `the log begins at ${first}, and ${from} was asked for`, { from, first });
  }

  async *#range(from: number, to: number | undefined, wanted: (event: ShiplogEvent) => boolean): AsyncGenerator<ShiplogEvent> {
    const last = Math.min(to ?? this.durableSeq, this.durableSeq);
    for (let seq = from; seq <= last; seq += 1) {
      const event = this.events[seq - this.firstSeq];
      if (event !== undefined && wanted(event)) yield event;
    }
  }

  lastTagged(tag: string): number {
    return this.#admission.lastTagged(tag);
  }

  streamsBegun(from: number, to: number): readonly StreamName[] {
    const within = this.events.slice(Math.max(0, from - this.firstSeq), Math.min(to, this.durableSeq) + 1 - this.firstSeq);
    return within.filter(({ rev }) => rev === 0).map(({ stream }) => stream);
  }

  async *readBytes(options: { readonly from: number; readonly to: number }): AsyncGenerator<Uint8Array> {
    for await (const event of this.read(options)) yield Buffer.from(canonicalJson(event));
  }

  readStream(stream: StreamName, fromRev = 0, to?: number): AsyncIterable<ShiplogEvent> {
    return { [Symbol.asyncIterator]: () => this.#range(this.firstSeq, to, (event) => event.stream === stream && event.rev >= fromRev) };
  }

  follow({ from, signal }: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<ShiplogEvent> {
    const first = this.#kept(from);
    return { [Symbol.asyncIterator]: () => this.#follow(first, signal) };
  }

  async *followBatches(options: { readonly from?: number; readonly signal?: AbortSignal }): AsyncGenerator<readonly ShiplogEvent[]> {
    for await (const event of this.follow(options)) yield [event];
  }

  /** Not a generator: one whose loop is left from outside would first wait for the event that its `next` waits for. */
  #follow(from: number, signal: AbortSignal | undefined): AsyncIterator<ShiplogEvent> {
    let seq = from;
    const left = Promise.withResolvers<void>();
    let open = signal?.aborted !== true;
    const leave = (): void => {
      open = false;
      left.resolve();
    };
    signal?.addEventListener('abort', leave, { once: true });
    const end = { done: true, value: undefined } as const;
    return {
      next: async () => {
        while (open) {
          const value = seq <= this.durableSeq ? this.events[seq - this.firstSeq] : undefined;
          if (value !== undefined) {
            seq += 1;
            return { done: false, value };
          }
          if (this.#closed) break;
          await Promise.race([this.#durable.promise, left.promise]);
        }
        return end;
      },
      return: async () => {
        leave();
        return end;
      },
    };
  }

  async positionAt(time: bigint): Promise<number> {
    const later = this.events.findIndex(({ t }) => BigInt(t) > time);
    if (later === 0 && this.firstSeq > 0) throw this.#pruned(this.firstSeq - 1);
    return Math.min(later < 0 ? this.admittedSeq : this.firstSeq + later - 1, this.durableSeq);
  }

  async verify({ progress }: VerifyOptions = {}): Promise<Verification> {
    const head = Buffer.from(await this.tree.root()).toString('hex');
    const events = this.durableSeq + 1 - this.firstSeq;
    progress?.(events, events);
    return { from: this.firstSeq, events, head, damage: [] };
  }

  /** The root that a log of the same events has; where it does not begin at 0, that of those it has. Tiles, which proofs are made of, are for logs on disk. */
  get tree(): MerkleTree {
    const size = this.durableSeq + 1;
    return {
      size,
      root: async (leaves = size) => {
        if (!Number.isSafeInteger(leaves) || leaves < 0 || leaves > size)
          throw new ShiplogError('LOG_POSITION_UNKNOWN', `the log has ${size} events, not ${leaves}`, { size: leaves });
        const frontier = new Frontier();
        for (const event of this.events.slice(0, Math.max(0, leaves - this.firstSeq)))
          frontier.append(entryHash(Buffer.from(canonicalJson(event))));
        return hashBytes(frontier.root());
      },
      tile: async () => {
        throw new ShiplogError('NOT_SUPPORTED', 'a log in memory has no tiles: write its events out and append them to a log on disk');
      },
    };
  }

  async boundary(): Promise<Boundary | undefined> {
    return this.#boundary;
  }

  get sealedSeq(): number {
    return this.firstSeq - 1;
  }

  sealable(): number {
    return this.firstSeq;
  }

  async storedBytes(): Promise<number> {
    return 0;
  }

  readonly followedSeq = undefined;

  /** Nothing of it goes. */
  hold(from?: number): Hold {
    return new ReaderHold(new Set(), this.#kept(from));
  }

  prunable(): number {
    return this.firstSeq;
  }

  async prune(): Promise<void> {
    throw new ShiplogError('NOT_SUPPORTED', 'a log in memory has no archives, so nothing of it can be pruned');
  }

  /** Nothing leaves memory. */
  async *seal(): AsyncGenerator<SealedRange> {}
  async close(): Promise<void> {
    this.#closed = true;
    await this.flushed();
    this.#durable.resolve();
  }
}

function position(value: number): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ShiplogError('REQUEST_INVALID', `${value} is no position in a log`, { position: value });
}

/** Whether an event's type is one of `types`; a `*` at the end stands for every ending. */
function fitting(types: readonly string[] | undefined): (event: ShiplogEvent) => boolean {
  if (types === undefined) return () => true;
  return ({ type }) => types.some((wanted) => (wanted.endsWith('*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted));
}
