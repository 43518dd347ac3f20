import {
  type Admitted,
  type AppendRequest,
  type EventLog,
  type NewEvent,
  type ReadOptions,
  type ShiplogEvent,
  ShiplogError,
  type SnapshotStore,
  type StreamName,
  type Verification,
} from '@shiplog/contracts';
import { checkAdmission } from './admission.ts';
import { type BatchCursor, iterable } from './batch-cursor.ts';
import { canonicalJson } from './canonical-json.ts';
import { ENCODING, HEAD_KEY, type LogDatabase, segmentKey, SYNCED } from './database.ts';
import { follow } from './follow.ts';
import { GroupCommit } from './group-commit.ts';
import { load, type LoadedLog } from './load.ts';
import type { LogIndex } from './log-index.ts';
import { encodeMark, type Mark } from './mark.ts';
import { MemorySnapshots } from './memory-snapshots.ts';
import { packs } from './pack.ts';
import { linkAt, positionAt, readRange, readStream, readTypes } from './read.ts';
import { type Entry, Recent } from './recent.ts';
import { encodeSegment } from './segment.ts';
import type { SegmentTable } from './segment-table.ts';
import { SnapshotDatabase } from './snapshot-database.ts';
import { ulidSource } from './ulid.ts';
import { verifyEventLog } from './verify.ts';

/** Keeps a mark of the durable end outside of the database, and so can tell when the database lost its end. */
export interface Witness {
  /** The newest mark kept from before; undefined for none. */
  readonly known: Mark | undefined;
  /** Takes a mark of what is durable now. Throws when an earlier mark could not be kept. */
  note(mark: Mark): void;
  /** Keeps the last mark for good. */
  close(): Promise<void>;
}

export interface EventLogOptions {
  /** A database for this log alone. The log opens it, and closes it. */
  readonly db: LogDatabase;
  /** Kernel boot id, for the envelope. */
  readonly boot: string;
  /** Engine instance, for the envelope. */
  readonly inst: string;
  /** Makes sortable unique event ids; ULIDs if absent. */
  readonly newId?: () => string;
  readonly witness?: Witness;
  /** A database for snapshots alone. The log opens it, and closes it. Absent: they end with the process. */
  readonly snapshots?: LogDatabase;
}

/**
 * Opens a log over any abstract-level database, reading and checking all of it. An empty database becomes an empty log.
 *
 * Throws LOG_CORRUPT, naming the range in its facts `from` and `to`, LOG_TOO_NEW, or what the database throws; the
 * database is closed then.
 */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  const { db, snapshots } = options;
  await db.open();
  try {
    await snapshots?.open();
    return new DatabaseEventLog(options, await load(db, options.witness?.known));
  } catch (error) {
    await db.close();
    await snapshots?.close();
    throw error;
  }
}

class DatabaseEventLog implements EventLog {
  readonly db: LogDatabase;
  readonly index: LogIndex;
  readonly segments: SegmentTable;
  readonly recent = new Recent();
  readonly snapshots: SnapshotStore;
  readonly waiting = new Set<() => void>();
  closed = false;
  admittedSeq: number;

  readonly #boot: string;
  readonly #inst: string;
  readonly #newId: () => string;
  readonly #witness: Witness | undefined;
  readonly #snapshotDb: LogDatabase | undefined;
  readonly #commits = new GroupCommit<Entry>(
    (entries) => this.#commit(entries),
    () => this.#wake(),
  );
  #durable: Mark;
  #closing: Promise<void> | undefined;

  constructor(options: EventLogOptions, loaded: LoadedLog) {
    this.db = options.db;
    this.#boot = options.boot;
    this.#inst = options.inst;
    this.#newId = options.newId ?? ulidSource();
    this.#witness = options.witness;
    this.#snapshotDb = options.snapshots;
    this.snapshots =
      options.snapshots === undefined
        ? new MemorySnapshots(() => this.durableSeq)
        : new SnapshotDatabase(options.snapshots, (seq) => linkAt(this, seq, this.durableSeq));
    this.#durable = loaded.head;
    this.admittedSeq = loaded.head.seq;
    this.index = loaded.index;
    this.segments = loaded.segments;
  }

  get durableSeq(): number {
    return this.#durable.seq;
  }

  get failure(): ShiplogError | undefined {
    return this.#commits.failure;
  }

  revision(stream: StreamName): number {
    return this.index.revision(stream);
  }

  findIdempotent(key: string): number | undefined {
    return this.index.idempotent(key)?.seq;
  }

  append(request: AppendRequest): Admitted {
    if (this.failure !== undefined) throw this.failure;
    if (this.#closing !== undefined) throw closedError();
    checkAdmission(request, this.index);
    const events = this.#place(request);
    // Texts first: if one cannot be written as JSON, nothing was admitted.
    const entries = events.map((event) => ({ seq: event.seq, text: canonicalJson(event) }));
    for (const event of events) this.index.add(event);
    this.admittedSeq += events.length;
    return { events, durable: events.length === 0 ? this.#commits.flushed() : this.#commits.add(entries) };
  }

  flushed(): Promise<void> {
    return this.#commits.flushed();
  }

  read(options: ReadOptions = {}): AsyncIterable<ShiplogEvent> {
    const from = position(options.from ?? 0, 'from');
    const to = options.to === undefined ? undefined : position(options.to, 'to');
    const { types } = options;
    return iterable(() => {
      this.#refuseClosed();
      const last = Math.min(to ?? this.durableSeq, this.durableSeq);
      return types === undefined ? readRange(this, from, last) : readTypes(this, types, from, last);
    });
  }

  async positionAt(time: bigint): Promise<number> {
    this.#refuseClosed();
    return positionAt(this, time, this.durableSeq);
  }

  readStream(stream: StreamName, fromRev = 0, to = Number.MAX_SAFE_INTEGER): AsyncIterable<ShiplogEvent> {
    const rev = position(fromRev, 'fromRev');
    return iterable(() => {
      this.#refuseClosed();
      return readStream(this, stream, rev, Math.min(to, this.durableSeq));
    });
  }

  follow(options: { readonly from: number; readonly signal?: AbortSignal }): AsyncIterable<ShiplogEvent> {
    const from = position(options.from, 'from');
    return iterable((): BatchCursor<ShiplogEvent> => follow(this, from, options.signal));
  }

  async verify(progress?: (checked: number) => void): Promise<Verification> {
    this.#refuseClosed();
    return verifyEventLog(this.db, { last: this.durableSeq, progress });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Gives each event its place, as it will be stored. Keys in canonical order, so that writing them needs no sorting. */
  #place({ stamp, events }: AppendRequest): readonly ShiplogEvent[] {
    const grown = new Map<string, number>();
    return events.map((event: NewEvent, index) => {
      const rev = (grown.get(event.stream) ?? this.index.revision(event.stream)) + 1;
      grown.set(event.stream, rev);
      const placed: { -readonly [field in keyof ShiplogEvent]?: unknown } = { actor: stamp.actor, boot: this.#boot };
      if (event.cause !== undefined) placed.cause = event.cause;
      placed.corr = stamp.corr;
      placed.data = event.data;
      if (event.driver !== undefined) placed.driver = event.driver;
      placed.id = this.#newId();
      if (stamp.idem !== undefined) placed.idem = stamp.idem;
      placed.inst = this.#inst;
      placed.kind = event.kind;
      placed.mono = stamp.mono;
      placed.op = stamp.op;
      if (stamp.req !== undefined) placed.req = stamp.req;
      if (event.result !== undefined) placed.result = event.result;
      placed.rev = rev;
      placed.seq = this.admittedSeq + 1 + index;
      placed.stream = event.stream;
      placed.sv = event.sv ?? 1;
      placed.t = stamp.t;
      if (event.tags !== undefined) placed.tags = event.tags;
      placed.type = event.type;
      placed.v = 1;
      // Every field is set above from one NewEvent; the compiler cannot follow that through the union.
      return placed as ShiplogEvent;
    });
  }

  async #commit(entries: readonly Entry[]): Promise<void> {
    const batch = this.db.batch();
    const firsts: number[] = [];
    let mark = this.#durable;
    for (const pack of packs(entries)) {
      const first = mark.seq + 1;
      const { bytes, link } = encodeSegment(first, mark.link, pack);
      batch.put<string, Buffer>(segmentKey(first), bytes, ENCODING);
      firsts.push(first);
      mark = { seq: mark.seq + pack.length, link };
    }
    batch.put<string, Buffer>(HEAD_KEY, encodeMark(mark), ENCODING);
    await batch.write(SYNCED);
    this.#witness?.note(mark);
    for (const first of firsts) this.segments.add(first);
    this.recent.add(entries);
    this.#durable = mark;
    if (this.waiting.size > 0) this.#wake();
  }

  async #close(): Promise<void> {
    try {
      // Who appended learns of a failed write from `durable`; closing goes on all the same.
      await this.#commits.flushed().catch(() => undefined);
      await this.#witness?.close();
    } finally {
      this.closed = true;
      this.#wake();
      await this.#snapshotDb?.close();
      await this.db.close();
    }
  }

  /** Followers look again: after those who appended, who are the first to know. */
  #wake(): void {
    setImmediate(() => {
      const waiting = [...this.waiting];
      this.waiting.clear();
      for (const wake of waiting) wake();
    });
  }

  #refuseClosed(): void {
    if (this.closed) throw closedError();
  }
}

function closedError(): ShiplogError {
  return new ShiplogError('LOG_CLOSED', 'the log is closed; open it again');
}

function position(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ShiplogError('REQUEST_INVALID', `${name} is a position in the log: a whole number from 0 on, not ${value}`, { [name]: value });
}
