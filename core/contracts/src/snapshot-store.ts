/** What was derived from all events up to and including the one at `seq`. */
export interface Snapshot {
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/**
 * Derived values at positions of a log: states, indexes. All of it can be made again from the events, and may be lost at any
 * time; nothing here is a fact. Each snapshot has a checksum and is bound to its history by the hash over the events up to it,
 * so that one that is damaged, or was made of other events, is passed over as if it were not there.
 *
 * `kind` names what is derived and in which version (`state-3`): letters, digits and dashes. Writes sync on their own and never wait for, or
 * delay, an append.
 *
 * A snapshot may have parts, numbered from 0, for who needs few of many: they come and go with it, and are read one by one.
 */
export interface SnapshotStore {
  /** The newest usable snapshot of a kind at or before `seq`. */
  nearest(kind: string, seq: number): Promise<Snapshot | undefined>;
  /** Parts of the snapshot at exactly this position, as many as were asked for; undefined if one of them cannot be used. */
  parts(kind: string, seq: number, numbers: readonly number[]): Promise<readonly Uint8Array[] | undefined>;
  /**
   * Keeps a snapshot with its parts, all or nothing, in place of another at that position. Its events must be durable: LOG_POSITION_UNKNOWN.
   * Resolves after fsync.
   */
  put(kind: string, snapshot: Snapshot, parts?: readonly Uint8Array[]): Promise<void>;
  /** Positions of all snapshots of a kind, ascending; usable or not. */
  positions(kind: string): Promise<readonly number[]>;
  /** Removes snapshots with their parts; those that are not there are left out. */
  remove(kind: string, seqs: readonly number[]): Promise<void>;
}
