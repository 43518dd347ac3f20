import {
  type Admitted,
  type AppendRequest,
  type Boundary,
  type Bounded,
  type EventLog,
  type Hold,
  type MerkleTree,
  type NewEvent,
  type PruneOptions,
  type ReadOptions,
  type SealedRange,
  type ShiplogEvent,
  ShiplogError,
  type SnapshotStore,
  type Stamp,
  type StreamName,
  type Verification,
  type VerifyOptions,
} from '@shiplog/contracts';
import type { Hash, TreeEdge } from '@shiplog/tlog';
import { ArchivingLevel } from './archive/archiving-level.ts';
import { type Base, boundedBy, readFirst } from './archive/base.ts';
import { readBoundary } from './archive/boundary.ts';
import { prunable, prune } from './archive/prune.ts';
import { reclaim } from './archive/reclaim.ts';
import { seal } from './archive/seal.ts';
import { checkAdmission } from './append/admission.ts';
import { type BatchCursor, iterable } from './read/batch-cursor.ts';
import { Commit, type Committed } from './append/commit.ts';
import type { LogDatabase, Operation } from './stored/database.ts';
import { eventText } from './append/event-text.ts';
import { follow, followBatches, type Follower } from './read/follow.ts';
import { GroupCommit } from './append/group-commit.ts';
import { ReaderHold, refuseHeld } from './read/hold.ts';
import { corrupt, pruned, refusal } from './check/corrupt.ts';
import { wholePage } from './indexes/index-page.ts';
import { baseEdge, load, type LoadedLog, storeTree, tailAt } from './load.ts';
import type { LogIndex } from './indexes/log-index.ts';
import { LogTree } from './log-tree.ts';
import type { Mark } from './stored/mark.ts';
import { MemorySnapshots } from './snapshots/memory-snapshots.ts';
import { Pages } from './indexes/pages.ts';
import { positionUnknown } from './check/position-unknown.ts';
import { leafHashes, positionAt, readBytes, readStream, readWanted } from './read/read.ts';
import { Recent } from './read/recent.ts';
import { SegmentWriter } from './stored/segment.ts';
import type { SegmentTable } from './indexes/segment-table.ts';
import { SnapshotDatabase } from './snapshots/snapshot-database.ts';
import { StoredBytes } from './archive/stored-bytes.ts';
import type { Tail } from './append/tail.ts';
import { ulidSource } from './append/ulid.ts';
import { keepVerifiedEdge, verifiedEdge } from './check/verified.ts';
import { checkEventLog } from './check/verify.ts';

/** Keeps a mark of the durable end outside of the database, and so can tell when the database lost its end. */
export interface Witness {
  /** The newest mark kept from before; undefined for none. */
  readonly known: Mark | undefined;
  /** Takes a mark of what is durable now: position of the last event, root over all. Throws when an earlier mark could not be kept. */
  note(seq: number, root: Hash): void;
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
  /** Where old events may go, a directory; it need not exist. Absent: none leave the database. */
  readonly archive?: string;
  /** A database for snapshots alone. The log opens it, and closes it. Absent: they end with the process. */
  readonly snapshots?: LogDatabase;
}

/**
 * Opens a log over any abstract-level database, reading and checking what its index pages do not cover. An empty database becomes an
 * empty log.
 *
 * Throws LOG_CORRUPT, naming the range in its facts `from` and `to`, LOG_TOO_NEW, or what the database throws; the
 * database is closed then.
 */
export async function openEventLog(options: EventLogOptions): Promise<EventLog> {
  const { snapshots, witness } = options;
  const db = options.archive === undefined ? options.db : new ArchivingLevel(options.db, options.archive);
  await db.open();
  try {
    await snapshots?.open();
    let log: DatabaseEventLog | undefined;
    const store = snapshots && new SnapshotDatabase(snapshots, async (seq) => (log as DatabaseEventLog).history(seq));
    const loaded = await load(db, witness?.known, store);
    if (db instanceof ArchivingLevel) await db.removeStrays();
    if (loaded.head.format === 1) await storeTree(db, loaded);
    if (loaded.tail.size > 0) witness?.note(loaded.tail.size - 1, loaded.tail.edge.root());
    log = new DatabaseEventLog({ ...options, db }, loaded, store, await firstOf(db));
    return log;
  } catch (error) {
    await db.close();
    await snapshots?.close();
    throw error;
  }
}

class DatabaseEventLog implements EventLog {
  readonly db: LogDatabase;
  /** The database without its archives. */
  readonly disk: LogDatabase;
  readonly index: LogIndex;
  readonly segments: SegmentTable;
  readonly recent = new Recent();
  readonly snapshots: SnapshotStore;
  readonly tree: MerkleTree;
  readonly waiting = new Set<() => void>();
  readonly followers = new Set<Follower>();
  /** Tiles that are complete and perhaps not durable yet, by key. */
  readonly tiles = new Map<string, Buffer>();
  readonly tail: Tail;
  readonly writer = new SegmentWriter();
  closed = false;
  durableSeq: number;
  firstSeq: number;

  readonly #boot: string;
  readonly #inst: string;
  readonly #newId: () => string;
  readonly #witness: Witness | undefined;
  readonly #snapshotDb: LogDatabase | undefined;
  readonly #store: SnapshotDatabase | undefined;
  readonly #pages: Pages | undefined;
  readonly #stored: StoredBytes;
  readonly #commits = new GroupCommit<Commit>(
    () => new Commit(this),
    () => this.#wake(),
  );
  #closing: Promise<void> | undefined;
  /** Where the log will begin when the prune that is under way is done. */
  #leaving = 0;

  constructor(options: EventLogOptions, { tail, pages, pagesTo }: LoadedLog, store: SnapshotDatabase | undefined, firstSeq: number) {
    this.db = options.db;
    this.disk = options.db instanceof ArchivingLevel ? options.db.inner : options.db;
    this.#boot = options.boot;
    this.#inst = options.inst;
    this.#newId = options.newId ?? ulidSource();
    this.#witness = options.witness;
    this.#snapshotDb = options.snapshots;
    this.tail = tail;
    this.index = tail.index;
    this.segments = tail.segments;
    this.durableSeq = tail.size - 1;
    this.firstSeq = firstSeq;
    this.#store = store;
    this.tree = new LogTree(this);
    this.#stored = new StoredBytes(this.db);
    this.snapshots = store ?? new MemorySnapshots(() => this.durableSeq);
    this.#pages = store && new Pages(store, pagesTo);
    this.#pages?.keep(pages);
  }

  get admittedSeq(): number {
    return this.tail.size - 1;
  }

  /** Durable events: what the tree's view shows. */
  get size(): number {
    return this.durableSeq + 1;
  }

  get edge(): TreeEdge {
    return this.tail.edge;
  }

  get failure(): ShiplogError | undefined {
    return this.#commits.failure;
  }

  /** Root over all events up to the one at `seq`. Throws LOG_POSITION_UNKNOWN. */
  async history(seq: number): Promise<Uint8Array> {
    if (seq < 0) throw positionUnknown(seq, this.durableSeq);
    return this.tree.root(seq + 1);
  }

  leafHashes(from: number, to: number): Promise<readonly Hash[]> {
    return leafHashes(this, from, to);
  }

  revision(stream: StreamName): number {
    return this.index.revision(stream);
  }

  findIdempotent(key: string): number | undefined {
    return this.index.keys.get(key)?.seq;
  }

  append(request: AppendRequest): Admitted {
    if (this.failure !== undefined) throw this.failure;
    if (this.#closing !== undefined) throw closedError();
    checkAdmission(request, this.index);
    const events = this.#place(request);
    // Texts first: if one cannot be written as JSON, nothing was admitted.
    const texts = events.map(eventText);
    if (events.length === 0) return { events, durable: this.#commits.flushed() };
    const durable = this.#commits.add((commit) => {
      for (let index = 0; index < events.length; index++) commit.add(events[index] as ShiplogEvent, texts[index] as string);
    }, request.lazy);
    return { events, durable };
  }

  flushed(): Promise<void> {
    return this.#commits.flushed();
  }

  read(options: ReadOptions = {}): AsyncIterable<ShiplogEvent> {
    const from = this.#kept(options.from);
    const to = options.to === undefined ? undefined : position(options.to, 'to');
    return iterable(() => {
      this.#refuseClosed();
      const last = Math.min(to ?? this.durableSeq, this.durableSeq);
      return readWanted(this, options, from, last);
    });
  }

  hold(from?: number): Hold {
    this.#refuseClosed();
    const first = Math.max(this.firstSeq, this.#leaving);
    if (from !== undefined && position(from, 'from') < first) throw pruned(from, first);
    return new ReaderHold(this.followers, from ?? first);
  }

  lastTagged(tag: string): number {
    return this.index.lastTagged(tag);
  }

  streamsBegun(from: number, to: number): readonly StreamName[] {
    this.#refuseClosed();
    // Names of streams were checked when their events were admitted.
    return this.index.streamsBegun(position(from, 'from'), Math.min(position(to, 'to'), this.durableSeq)) as readonly StreamName[];
  }

  readBytes(options: { readonly from: number; readonly to: number }): AsyncIterable<Uint8Array> {
    const [from, to] = [this.#kept(options.from), position(options.to, 'to')];
    return iterable(() => {
      this.#refuseClosed();
      return readBytes(this, from, Math.min(to, this.durableSeq));
    });
  }

  async positionAt(time: bigint): Promise<number> {
    this.#refuseClosed();
    return positionAt(this, time, this.firstSeq, this.durableSeq);
  }

  readStream(stream: StreamName, fromRev?: number, to = Number.MAX_SAFE_INTEGER): AsyncIterable<ShiplogEvent> {
    const rev = fromRev === undefined ? undefined : position(fromRev, 'fromRev');
    return iterable(() => {
      this.#refuseClosed();
      return readStream(this, stream, rev, Math.min(to, this.durableSeq));
    });
  }

  follow(options: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<ShiplogEvent> {
    const from = this.#kept(options.from);
    return iterable((): BatchCursor<ShiplogEvent> => follow(this, from, options.signal));
  }

  followBatches(options: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<readonly ShiplogEvent[]> {
    const from = this.#kept(options.from);
    return iterable(() => followBatches(this, from, options.signal));
  }

  async verify({ incremental = false, progress }: VerifyOptions = {}): Promise<Verification> {
    this.#refuseClosed();
    const base = await baseEdge(this.db);
    const first = base?.size ?? 0;
    const last = this.durableSeq;
    const found = incremental ? await verifiedEdge(this.snapshots, last) : undefined;
    const after = found !== undefined && found.size > first ? found : base;
    const total = last + 1 - (after?.size ?? 0);
    const { verification, edge } = await checkEventLog(this.db, { last, after, progress: (checked) => progress?.(checked, total) });
    // What was pruned meanwhile is no damage: the rest is checked from where the log begins now.
    if (verification.damage.length > 0 && (await firstOf(this.db)) > first)
      return this.verify({ incremental, ...(progress && { progress }) });
    // It saves the next one time, and no more: that it cannot be kept, as on a full disk, is no reason not to answer.
    await keepVerifiedEdge(this.snapshots, verification.damage.length === 0 ? edge : undefined).catch(() => undefined);
    return verification;
  }

  async *seal(before: number): AsyncIterable<SealedRange> {
    this.#refuseClosed();
    const { db } = this;
    if (db instanceof ArchivingLevel) yield* seal(db, this.#write, Math.min(position(before, 'before'), this.durableSeq));
  }

  get sealedSeq(): number {
    return Math.max(this.firstSeq, this.db instanceof ArchivingLevel ? this.db.archives.end : 0) - 1;
  }

  sealable(before: number): number {
    this.#refuseClosed();
    const unsealed = this.sealedSeq + 1;
    if (!(this.db instanceof ArchivingLevel) || this.durableSeq < 0) return unsealed;
    return Math.max(unsealed, this.segments.holding(Math.min(position(before, 'before'), this.durableSeq)));
  }

  async storedBytes(from: number): Promise<number> {
    this.#refuseClosed();
    return this.#stored.from(position(from, 'from'));
  }

  get followedSeq(): number | undefined {
    const next = Math.min(...[...this.followers].map((follower) => follower.next));
    return next <= this.durableSeq ? next : undefined;
  }

  prunable(before: number): number {
    this.#refuseClosed();
    return Math.max(this.firstSeq, this.db instanceof ArchivingLevel ? prunable(this.db, position(before, 'before')) : 0);
  }

  async boundary(): Promise<Boundary | undefined> {
    this.#refuseClosed();
    const { db } = this;
    const read = (): Promise<Boundary | undefined> => readBoundary(db, this.read({ types: ['log.bounded'] }));
    return db instanceof ArchivingLevel ? db.inTurn(read) : read();
  }

  async prune(
    first: number,
    state: Uint8Array,
    bounded: (hashes: Bounded) => Promise<void>,
    { overtake = false }: PruneOptions = {},
  ): Promise<void> {
    this.#refuseClosed();
    const { db } = this;
    if (!(db instanceof ArchivingLevel)) throw new ShiplogError('NOT_SUPPORTED', 'this log has no place for archives');
    await db.inTurn(async () => {
      if (first <= this.firstSeq) return;
      if (prunable(db, first) !== first) throw new ShiplogError('REQUEST_INVALID', `no archive ends before event ${first}`, { first });
      const tail = await tailAt(db, first, this.#store);
      if (tail.size !== first) throw corrupt(tail.size, first - 1, 'cannot be read, so nothing is pruned');
      const base = { index: wholePage(tail.index, tail.edge), state };
      if (!overtake) refuseHeld(first, this.followedSeq);
      // From here on nobody begins to read what goes.
      this.#leaving = first;
      try {
        await bounded(boundedBy(first, base));
        await this.#begin(db, first, base);
      } finally {
        this.#leaving = 0;
      }
    });
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  /** Takes note of what a commit made durable. */
  readonly committed = ({ seq, root, segments, tiles, pages }: Committed): void => {
    let first = this.durableSeq + 1;
    for (const { bytes, count } of segments) {
      this.recent.add(first, bytes);
      first += count;
    }
    this.durableSeq = seq;
    for (const key of tiles) this.tiles.delete(key);
    this.#witness?.note(seq, root);
    if (pages.length > 0) this.#pages?.keep(pages);
    if (this.waiting.size > 0) this.#wake();
  };

  /**
   * Writes what is no event, in turn with those that are, and with the same end if it fails: LevelDB goes on behind a write that failed, and loses what
   * came after it at the next opening.
   */
  readonly #write = async (operations: readonly Operation[]): Promise<void> => {
    if (this.failure !== undefined) throw this.failure;
    await this.#commits.add((commit) => commit.include(operations));
  };

  /** Gives each event its place, as it will be stored. Keys in canonical order, so that writing them needs no sorting. */
  #place({ stamp, events }: AppendRequest): readonly ShiplogEvent[] {
    if (events.length === 1) {
      const [event] = events as readonly [NewEvent];
      return [this.#placed(stamp, event, this.index.revision(event.stream) + 1, this.tail.size)];
    }
    const grown = new Map<string, number>();
    return events.map((event: NewEvent, index) => {
      const rev = (grown.get(event.stream) ?? this.index.revision(event.stream)) + 1;
      grown.set(event.stream, rev);
      return this.#placed(stamp, event, rev, this.tail.size + index);
    });
  }

  #placed(stamp: Stamp, event: NewEvent, rev: number, seq: number): ShiplogEvent {
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
    placed.seq = seq;
    placed.stream = event.stream;
    placed.sv = event.sv ?? 1;
    placed.t = stamp.t;
    if (event.tags !== undefined) placed.tags = event.tags;
    placed.type = event.type;
    placed.v = 1;
    // Every field is set above from one NewEvent; the compiler cannot follow that through the union.
    return placed as ShiplogEvent;
  }

  /** Makes `first` the first event that is kept. */
  async #begin(db: ArchivingLevel, first: number, base: Base): Promise<void> {
    this.firstSeq = first;
    try {
      await prune(db, this.#write, first, base);
      // A seal that was cut off has left that to do.
      await reclaim(db.inner, this.#write, 0, first);
    } catch (error) {
      // What failed before its write has removed nothing, and may be tried again.
      this.firstSeq = await firstOf(db);
      throw error;
    }
  }

  async #close(): Promise<void> {
    try {
      // Who appended learns of a failed write from `durable`; closing goes on all the same.
      await this.#commits.flushed().catch(() => undefined);
      await this.#pages?.kept();
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

  /** A position to read from: the first that is kept, if none is asked for. Throws LOG_PRUNED. */
  #kept(from: number | undefined): number {
    if (from === undefined) return this.firstSeq;
    if (position(from, 'from') < this.firstSeq) throw pruned(from, this.firstSeq);
    return from;
  }

  #refuseClosed(): void {
    if (this.closed) throw closedError();
  }
}

async function firstOf(db: LogDatabase): Promise<number> {
  try {
    return await readFirst(db);
  } catch (error) {
    throw refusal(error, 0, 0);
  }
}

function closedError(): ShiplogError {
  return new ShiplogError('LOG_CLOSED', 'the log is closed; open it again');
}

function position(value: number, name: string): number {
  if (Number.isSafeInteger(value) && value >= 0) return value;
  throw new ShiplogError('REQUEST_INVALID', `${name} is a position in the log: a whole number from 0 on, not ${value}`, { [name]: value });
}
