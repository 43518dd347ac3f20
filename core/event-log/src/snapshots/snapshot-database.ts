import { type Snapshot, type SnapshotStore, ShiplogError } from '@shiplog/contracts';
import { ENCODING, type LogDatabase, SYNCED } from '../stored/database.ts';
import { BODY, checkFrame, FrameError, sealFrame } from '../stored/frame.ts';

/** The hash over all events up to and including the one at `seq`, 32 bytes. Throws LOG_POSITION_UNKNOWN where there is none. */
export type HistoryHash = (seq: number) => Promise<Uint8Array>;

const HASH_BYTES = 32;
/** A stored snapshot, or part of one: version, CRC-32, hash of its history, bytes. */
const BYTES = BODY + HASH_BYTES;
const DIGITS = 16;
/** Before the keys of parts, so that none of them is among snapshots: no kind has a colon. */
const PARTS = 'parts:';
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

/** Snapshots in a database of their own: any abstract-level database, which the log opened and closes, and nobody else writes to. */
export class SnapshotDatabase implements SnapshotStore {
  readonly #db: LogDatabase;
  readonly #history: HistoryHash;
  /** Positions by kind, ascending, as far as they were asked for: finding the nearest reads nothing else. */
  readonly #positions = new Map<string, Promise<readonly number[]>>();
  /** Hashes of histories that snapshots were compared with: they never change. */
  readonly #histories = new Map<number, Uint8Array>();

  constructor(db: LogDatabase, history: HistoryHash) {
    this.#db = db;
    this.#history = history;
  }

  async nearest(kind: string, seq: number): Promise<Snapshot | undefined> {
    const positions = await this.positions(kind);
    for (let at = positions.findLastIndex((position) => position <= seq); at >= 0; at -= 1) {
      const found = positions[at] ?? 0;
      const [bytes] = (await this.#read([keyOf(kind, found)], found)) ?? [];
      if (bytes !== undefined) return { seq: found, bytes };
    }
    return undefined;
  }

  async parts(kind: string, seq: number, numbers: readonly number[]): Promise<readonly Uint8Array[] | undefined> {
    const snapshot = partsKey(kind, seq);
    return this.#read(
      numbers.map((number) => snapshot + digits(number)),
      seq,
    );
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

  async put(kind: string, { seq, bytes }: Snapshot, parts: readonly Uint8Array[] = []): Promise<void> {
    const history = await this.#historyOf(seq);
    const values = [[keyOf(kind, seq), bytes] as const, ...parts.map((part, number) => [partKey(kind, seq, number), part] as const)];
    const old = (await this.positions(kind)).includes(seq) ? await this.#partsOf(kind, seq) : [];
    await this.#db.batch<string, Buffer>(
      [
        ...old.map((key) => ({ type: 'del' as const, key })),
        ...values.map(([key, content]) => ({ type: 'put' as const, key, value: framed(content, history) })),
      ],
      { ...ENCODING, ...SYNCED },
    );
    await this.#change(kind, (positions) => (positions.includes(seq) ? positions : [...positions, seq].toSorted((a, b) => a - b)));
  }

  positions(kind: string): Promise<readonly number[]> {
    const known = this.#positions.get(kind);
    if (known !== undefined) return known;
    const positions = this.#readPositions(kind);
    this.#positions.set(kind, positions);
    positions.catch(() => this.#positions.delete(kind));
    return positions;
  }

  async remove(kind: string, seqs: readonly number[]): Promise<void> {
    const parts = await Promise.all(seqs.map((seq) => this.#partsOf(kind, seq)));
    await this.#db.batch(
      [...seqs.map((seq) => keyOf(kind, seq)), ...parts.flat()].map((key) => ({ type: 'del' as const, key })),
      { ...ENCODING, ...SYNCED },
    );
    await this.#change(kind, (positions) => positions.filter((position) => !seqs.includes(position)));
  }

  async #readPositions(kind: string): Promise<readonly number[]> {
    return (await this.#db.keys<string>({ ...ENCODING, ...rangeOf(kind) }).all()).map(seqOf).filter(Number.isSafeInteger);
  }

  async #change(kind: string, change: (positions: readonly number[]) => readonly number[]): Promise<void> {
    const changed = this.positions(kind).then(change);
    this.#positions.set(kind, changed);
    await changed;
  }

  #partsOf(kind: string, seq: number): Promise<string[]> {
    return this.#db.keys<string>({ ...ENCODING, gte: partKey(kind, seq, 0), lt: partKey(kind, seq + 1, 0) }).all();
  }

  /** What lies under some keys, all of one history; undefined unless each can be used. */
  async #read(keys: readonly string[], seq: number): Promise<readonly Uint8Array[] | undefined> {
    const values = await this.#db.getMany<string, Buffer>([...keys], ENCODING);
    if (!values.every((value) => value !== undefined && isWhole(value))) return undefined;
    try {
      const history = await this.#historyOf(seq);
      const parts: Uint8Array[] = [];
      for (const value of values) {
        if (value === undefined || value.compare(history, 0, HASH_BYTES, BODY, BYTES) !== 0) return undefined;
        parts.push(value.subarray(BYTES));
      }
      return parts;
    } catch (error) {
      // Of a longer history than this one: as if it were not there.
      if (error instanceof ShiplogError && error.code === 'LOG_POSITION_UNKNOWN') return undefined;
      throw error;
    }
  }

  async #historyOf(seq: number): Promise<Uint8Array> {
    const known = this.#histories.get(seq);
    if (known !== undefined) return known;
    const history = await this.#history(seq);
    this.#histories.set(seq, history);
    return history;
  }
}

function framed(bytes: Uint8Array, history: Uint8Array): Buffer {
  const value = Buffer.allocUnsafeSlow(BYTES + bytes.length);
  value.set(history, BODY);
  value.set(bytes, BYTES);
  sealFrame(value);
  return value;
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
  return `${kind}/${digits(seq)}`;
}

function partKey(kind: string, seq: number, number: number): string {
  return partsKey(kind, seq) + digits(number);
}

/** With what the keys of a snapshot's parts begin. */
function partsKey(kind: string, seq: number): string {
  return `${PARTS}${keyOf(kind, seq)}/`;
}

function digits(number: number): string {
  return String(number).padStart(DIGITS, '0');
}

function rangeOf(kind: string): { readonly gte: string; readonly lte: string } {
  return { gte: keyOf(kind, 0), lte: keyOf(kind, Number.MAX_SAFE_INTEGER) };
}

function seqOf(key: string): number {
  return Number(key.slice(-DIGITS));
}
