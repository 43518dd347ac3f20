/**
 * What of its log an engine may seal and prune by itself. What is absent it never does. Of {@link keepMs}, {@link maxEvents} and
 * {@link maxBytes}, an event goes when all that are there let it.
 */
export interface RetentionPolicy {
  /** Events that are older are sealed, some time later. Milliseconds. */
  readonly sealAfterMs?: number;
  /** Events that are older are pruned, and younger ones never. Milliseconds. */
  readonly keepMs?: number;
  /** Events beyond this number are pruned, the oldest first. */
  readonly maxEvents?: number;
  /** The oldest events are pruned while those that are younger take this many bytes (EventLog.storedBytes). */
  readonly maxBytes?: number;
}

/** What the policy comes to now. */
export interface RetentionStatus {
  readonly policy: RetentionPolicy;
  /** What is done next, as far as that can be told. */
  readonly next?: {
    readonly verb: 'log.seal' | 'log.prune';
    /** When the oldest event will be old enough, nanoseconds since the epoch, decimal. In the past: with the next look, or as soon as something is whole. */
    readonly at?: string;
    /** How many events there must be, and how many bytes they must take: more than these. */
    readonly events?: number;
    readonly bytes?: number;
  };
  /** What keeps events from going that the policy would let go: from this position on somebody needs them. */
  readonly held?: { readonly seq: number; readonly by: 'operation' | 'follower' };
}

/** Which events a log has. */
export interface LogExtent {
  /** The first that is kept. */
  readonly firstSeq: number;
  /** The last that is in an archive; the one before the first if none is. */
  readonly sealedSeq: number;
  /** The last durable one; -1 for none. */
  readonly durableSeq: number;
  /** What they take on disk (EventLog.storedBytes). */
  readonly bytes: number;
}

/** A range of events, both ends inclusive, that one archive holds. */
export interface SealedRange {
  readonly first: number;
  readonly last: number;
}

/** What the log says of its new beginning before older events go: SHA-256, hex, of the state and of the indexes that stand for them. */
export interface Bounded {
  /** Position of the first event that is kept. */
  readonly first: number;
  readonly state: string;
  readonly index: string;
}
