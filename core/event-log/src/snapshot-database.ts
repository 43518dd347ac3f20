import { type Snapshot, type SnapshotStore, ShiplogError } from '@shiplog/contracts';
import { ENCODING, type LogDatabase, SYNCED } from './database.ts';
import { BODY, checkFrame, FrameError, sealFrame } from './frame.ts';

/** The hash over all events up to and including the one at `seq`, 32 bytes. Throws LOG_POSITION_UNKNOWN where there is none. */
export type HistoryHash = (seq: number) => Promise<Uint8Array>;

const HASH_BYTES = 32;
/** A stored snapshot: version, CRC-32, hash of its history, bytes. */
const BYTES = BODY + HASH_BYTES;
const DIGITS = 16;
/** What is read of all snapshots of a kind in one crossing into JavaScript: as many bytes, or one that is larger, and as many at most. */
const READ_BYTES = 1024 * 1024;
const READ_MOST = 64;
const KIND = /^[a-z0-9-]+$/;

/** The database of snapshots cannot be read. Nothing is lost by removing it. */
export class SnapshotsUnreadable extends Error {
  constructor(cause: unknown) {
    super('the database of snapshots cannot be read', { cause });
  }
}

/** Snapshots in a database of their own: any abstract-level database, which the log opened and closes. */
export class SnapshotDatabase implements SnapshotStore {
  readonly #db: LogDatabase;
  readonly #history: HistoryHash;
  /** Keys of snapshots that were compared with their history: it never changes, so once is enough. */
  readonly #proven = new Set<string>();

  constructor(db: LogDatabase, history: HistoryHash) {
    this.#db = db;
    this.#history = history;
  }

  async nearest(kind: string, seq: number): Promise<Snapshot | undefined> {
    if (seq < 0) return undefined;
    // By key first: an iterator that reads ahead would fetch large values that nobody wants.
    const range = { ...ENCODING, gte: keyOf(kind, 0), lte: keyOf(kind, seq), reverse: true };
    for await (const key of this.#db.keys<string>(range)) {
      const value = await this.#db.get<string, Buffer>(key, ENCODING);
      const snapshot = value && (await this.#usable(key, value));
      if (snapshot !== undefined) return snapshot;
    }
    return undefined;
  }

  /**
   * All snapshots of a kind that are whole, ascending, with the hash of the history they say they are of, which is not compared.
   * Throws SnapshotsUnreadable.
   */
  async *whole(kind: string): AsyncGenerator<Snapshot & { readonly history: Buffer }> {
    const range = { ...ENCODING, ...rangeOf(kind), highWaterMarkBytes: READ_BYTES };
    const iterator = this.#db.iterator<string, Buffer>(range);
    const read = (): Promise<[string, Buffer][]> => iterator.nextv(READ_MOST).catch(unreadable);
    try {
      for (let entries = await read(); entries.length > 0;) {
        // Read ahead; a failure is told when its turn comes.
        const next = read();
        next.catch(() => undefined);
        for (const [key, value] of entries) {
          const seq = seqOf(key);
          if (Number.isSafeInteger(seq) && isWhole(value))
            yield { seq, bytes: value.subarray(BYTES), history: value.subarray(BODY, BYTES) };
        }
        entries = await next;
      }
    } finally {
      await iterator.close();
    }
  }

  async put(kind: string, { seq, bytes }: Snapshot): Promise<void> {
    const history = await this.#history(seq);
    const value = Buffer.allocUnsafeSlow(BYTES + bytes.length);
    value.set(history, BODY);
    value.set(bytes, BYTES);
    sealFrame(value);
    await this.#db.put<string, Buffer>(keyOf(kind, seq), value, { ...ENCODING, ...SYNCED });
  }

  async positions(kind: string): Promise<readonly number[]> {
    return (await this.#db.keys<string>({ ...ENCODING, ...rangeOf(kind) }).all()).map(seqOf).filter(Number.isSafeInteger);
  }

  async remove(kind: string, seqs: readonly number[]): Promise<void> {
    await this.#db.batch(
      seqs.map((seq) => ({ type: 'del' as const, key: keyOf(kind, seq) })),
      { ...ENCODING, ...SYNCED },
    );
  }

  async #usable(key: string, value: Buffer): Promise<Snapshot | undefined> {
    const seq = seqOf(key);
    if (!isWhole(value)) return undefined;
    try {
      if (!this.#proven.has(key)) {
        if (!value.subarray(BODY, BYTES).equals(await this.#history(seq))) return undefined;
        this.#proven.add(key);
      }
      return { seq, bytes: value.subarray(BYTES) };
    } catch (error) {
      // Of a longer history than this one: as if it were not there.
      if (error instanceof ShiplogError && error.code === 'LOG_POSITION_UNKNOWN') return undefined;
      throw error;
    }
  }
}

function unreadable(error: unknown): never {
  throw new SnapshotsUnreadable(error);
}

/** Neither damaged nor of a later release. */
function isWhole(value: Buffer): boolean {
  try {
    checkFrame(value, BYTES);
    return true;
  } catch (error) {
    if (error instanceof FrameError) return false;
    throw error;
  }
}

function keyOf(kind: string, seq: number): string {
  if (!KIND.test(kind)) throw new ShiplogError('INTERNAL', `a kind of snapshots has letters, digits and dashes, not "${kind}"`, { kind });
  return `${kind}/${String(seq).padStart(DIGITS, '0')}`;
}

function rangeOf(kind: string): { readonly gte: string; readonly lte: string } {
  return { gte: keyOf(kind, 0), lte: keyOf(kind, Number.MAX_SAFE_INTEGER) };
}

function seqOf(key: string): number {
  return Number(key.slice(-DIGITS));
}
