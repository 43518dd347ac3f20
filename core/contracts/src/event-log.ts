import type { NewEvent, ShiplogEvent, Stamp, StreamName } from './envelope.ts';
import type { Bounded, SealedRange } from './retention.ts';
import type { MerkleTree } from './merkle-tree.ts';
import type { SnapshotStore } from './snapshot-store.ts';

/** What a stream's revision must be for an append to be admitted: any, none at all, some, or the last event's exact `rev`. */
export type ExpectedRevision = 'any' | 'no-stream' | 'stream-exists' | number;

/** Refuses the append if an event after position `after` carries any of `tags` (a dynamic consistency boundary). */
export interface AppendCondition {
  readonly tags: readonly string[];
  /** Last position the caller has seen; -1 for none. */
  readonly after: number;
}

/** Events of one or more streams that enter the log together or not at all. */
export interface AppendRequest {
  readonly stamp: Stamp;
  readonly events: readonly NewEvent[];
  readonly expected?: { readonly [S in StreamName]?: ExpectedRevision };
  readonly conditions?: readonly AppendCondition[];
  /** Nobody waits for it: it causes no write of its own, but comes along with the next append, or is written 50 ms later. */
  readonly lazy?: boolean;
}

/** An admitted append: its events have their places; they are facts only once `durable` resolves. */
export interface Admitted {
  readonly events: readonly ShiplogEvent[];
  /** Resolves after fsync; rejects with LOG_CLOSED if the disk failed, after which the log admits nothing any more. */
  readonly durable: Promise<void>;
}

export interface ReadOptions {
  /** First position, inclusive; the first that is kept if absent. */
  readonly from?: number;
  /** Last position, inclusive; the last durable one if absent. */
  readonly to?: number;
  /** Only events of these types; a `*` at the end fits every ending (`container.*`). Events of others are not read. */
  readonly types?: readonly string[];
  /** Only events of this stream. Events of others are not read. */
  readonly stream?: StreamName;
  /** Only events with this tag. Where no event from `from` on has it, none is read. */
  readonly tag?: string;
}

export interface PruneOptions {
  /** Also what somebody who follows has not been given, or holds: they are told LOG_PRUNED when they come there. */
  readonly overtake?: boolean;
}

/** A finding of {@link EventLogReader.verify}: a range of positions that cannot be trusted, and why. */
export interface Damage {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface VerifyOptions {
  /** Begin behind what the last verification found whole; from the first event if absent. */
  readonly incremental?: boolean;
  /** Told events checked so far, and how many there are to check. */
  readonly progress?: (checked: number, total: number) => void;
}

export interface Verification {
  /** Position of the first event that was read; what is before was found whole earlier. */
  readonly from: number;
  /** Events read and checked. */
  readonly events: number;
  /** Root of the Merkle tree over all events up to the last one checked, hex: the head that two equal logs share. */
  readonly head: string;
  readonly damage: readonly Damage[];
}

/** What stands for events that were pruned. */
export interface Boundary {
  /** Position of the last event that is gone. */
  readonly seq: number;
  /** What the engine knew after it, as it was given to {@link EventLog.prune}. */
  readonly state: Uint8Array;
}

/** The engine's state at one position as plain JSON: of each map its entries in order. `schema` says which form it is; every release reads all before. */
export interface StoredState {
  readonly schema: number;
  /** Position of the last event that is folded in. */
  readonly seq: number;
  readonly [map: string]: unknown;
}

/** Goes before the events of a log whose older ones were pruned, where it leaves its engine: in exports and over the API. */
export interface LogBoundary {
  readonly v: 1;
  readonly kind: 'boundary';
  /** Position of the first event that follows. */
  readonly first: number;
  readonly state: StoredState;
}

/** Events that somebody is about to read, or reads. Disposing of it gives them up; to do so again changes nothing. */
export interface Hold extends Disposable {
  /** The first position that is held. */
  readonly next: number;
  /** Gives up what is before a position. Throws LOG_PRUNED for one that is before {@link next}: it may have gone. */
  advance(next: number): void;
}

/** Reads facts. Only durable events are ever seen here. */
export interface EventLogReader {
  /** Position of the last durable event; -1 for an empty log. */
  readonly durableSeq: number;
  /** Position of the first event that is kept: 0 unless older ones were pruned. Reading from before it throws LOG_PRUNED. */
  readonly firstSeq: number;
  /**
   * Events in order. Throws LOG_CORRUPT, naming the range, instead of passing a hole, and LOG_PRUNED, also in the middle, where events were pruned
   * before it came to them.
   */
  read(options?: ReadOptions): AsyncIterable<ShiplogEvent>;
  /**
   * Keeps the events from a position on (the first that is kept, and stays so, if absent) from being pruned, as whoever follows does: for reads that take
   * their time, or more than one step. Throws LOG_PRUNED for a position before that. Does not last longer than the log is open, nor against a prune that overtakes.
   */
  hold(from?: number): Hold;
  /** Canonical bytes of events in order, as they are stored and hashed. Both ends inclusive. Throws as {@link read}. */
  readBytes(options: { readonly from: number; readonly to: number }): AsyncIterable<Uint8Array>;
  /** The log as a Merkle tree, for proofs. */
  readonly tree: MerkleTree;
  /** Streams whose first event is at a position from `from` to `to`, both inclusive, in order of it. Reads no events. */
  streamsBegun(from: number, to: number): readonly StreamName[];
  /** Position of the last event with a tag, durable or not; -1 if none has it. Reads no events. */
  lastTagged(tag: string): number;
  /** Events of one stream in order of `rev`, from `fromRev` inclusive (all that are kept, if absent), none after position `to`. */
  readStream(stream: StreamName, fromRev?: number, to?: number): AsyncIterable<ShiplogEvent>;
  /**
   * Position of the last event at or before a wall time, nanoseconds since the epoch; -1 if there is none. Order is `seq`, not
   * time: where the clock stepped back, the first event that is later than `time` ends the past, whatever follows it. Throws LOG_PRUNED if it
   * was before the first that is kept.
   */
  positionAt(time: bigint): Promise<number>;
  /**
   * Events from `from` inclusive (the first that is kept, if absent), then new ones as they become durable, until `signal` aborts or the log closes.
   * A slow reader is fed from disk: it is never dropped, never slows the writer, and sees each event once. Throws LOG_PRUNED where what it was not given
   * was pruned.
   */
  follow(options: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<ShiplogEvent>;
  /**
   * As {@link follow}, by the batch: what is there at once, at most some hundred events. Followers that keep pace get the same
   * event objects, so that what one makes of them serves all.
   */
  followBatches(options: { readonly from?: number; readonly signal?: AbortSignal }): AsyncIterable<readonly ShiplogEvent[]>;
  /**
   * What stands for the events before {@link firstSeq}; undefined where nothing was pruned. Throws LOG_CORRUPT, with the range that is gone, when
   * it is not what the event `log.bounded` says of it.
   */
  boundary(): Promise<Boundary | undefined>;
  /**
   * Reads events and checks contiguity, checksums, the tree, stream revisions and the boundary. Where events are pruned meanwhile it begins again with
   * the first that is kept.
   */
  verify(options?: VerifyOptions): Promise<Verification>;
}

/** The log: append-only, gap-free, durable before acknowledged. */
export interface EventLog extends EventLogReader {
  /** Position of the last admitted event, durable or not; -1 for none. */
  readonly admittedSeq: number;
  /** Revision of the last admitted event of a stream; -1 for none. */
  revision(stream: StreamName): number;
  /**
   * Admits events: gives places, checks expectations and conditions against all admitted before, and starts their write.
   * Throws LOG_CONFLICT, LOG_CONDITION_FAILED, LOG_CLOSED, or REQUEST_INVALID for an event of more than 64 Mi characters as JSON, with nothing admitted. Events of one call share one fsync at most.
   */
  append(request: AppendRequest): Admitted;
  /** Resolves when everything admitted so far is durable. */
  flushed(): Promise<void>;
  /** Position of the first event with this idempotency key, or undefined. */
  findIdempotent(key: string): number | undefined;
  /** Derived values at positions of this log. Closed with it. */
  readonly snapshots: SnapshotStore;
  /**
   * Moves events before a position out of the database into compressed archives, and tells each range when it is done; all reads go on as
   * before. The last few may stay. What is acknowledged stays so through a crash at any point; repeating it goes on where it ended.
   * A log that is not on disk keeps all where it is.
   */
  seal(before: number): AsyncIterable<SealedRange>;
  /** Position of the last event that is in an archive; the one before the first that is kept, if none is. */
  readonly sealedSeq: number;
  /** Position before which a seal before `before` would have moved everything: no event of a segment with a later one goes. */
  sealable(before: number): number;
  /**
   * Bytes on disk of the events from a position on: files of archives, each as a whole, and of what is not sealed what it takes in the database's tables. What
   * was appended last is in none for a while, some megabytes at the most, and is not counted; nor are the tree, indexes and snapshots. Reads no
   * event. Never more for a later position. 0 for a log in memory.
   */
  storedBytes(from: number): Promise<number>;
  /** The first position that somebody who follows now has not been given, or that is held; undefined if nobody lags behind. */
  readonly followedSeq: number | undefined;
  /** The first position that could be kept if all that is sealed and before `before` were pruned: an archive goes as a whole. */
  prunable(before: number): number;
  /**
   * Removes sealed events before `first`, which {@link prunable} answered, for good. Their leaves stay in the tree, so proofs of all others hold, and
   * so do revisions and idempotency keys. `state` stands for what is gone, as of the event before `first`, and is never lost. `bounded` must make
   * an event `log.bounded` durable; nothing is removed before it resolves, and all is as before if it rejects. It must not wait for a {@link seal}, a prune
   * or the {@link boundary}. Repeating it, also after a crash, changes nothing more. Throws REQUEST_INVALID for a `first` that was not answered,
   * LOG_PRUNE_BLOCKED before anything happens where {@link followedSeq} is before it, unless they are to be overtaken, and NOT_SUPPORTED where a log has no archives.
   */
  prune(first: number, state: Uint8Array, bounded: (hashes: Bounded) => Promise<void>, options?: PruneOptions): Promise<void>;
  /** Waits for what was admitted, then closes. Followers end. */
  close(): Promise<void>;
}
