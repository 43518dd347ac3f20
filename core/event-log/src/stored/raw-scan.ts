import { ENCODING, type LogDatabase, SEGMENTS_END, segmentKey } from './database.ts';

/** One stored segment: its key and its bytes, nothing checked. */
export type RawEntry = readonly [key: string, value: Buffer];

export interface RawScanOptions {
  /** First key's position. */
  readonly first: number;
  /** Position of the last key that matters; all if absent. */
  readonly last?: number;
  /** Fetch the next chunk while the last one is worked on. */
  readonly ahead: boolean;
  /** Values a chunk holds at most. */
  readonly chunk: number;
}

/** LevelDB hands over this many bytes in one crossing into JavaScript, or one value if that is larger. */
const CHUNK_BYTES = 512 * 1024;

/** Segments as they lie in the database, in order, in chunks (one `nextv` each: far cheaper than one `next` a value). */
export class RawScan {
  readonly #iterator;
  readonly #options: RawScanOptions;
  #ahead: Promise<readonly RawEntry[]> | undefined;

  constructor(db: LogDatabase, options: RawScanOptions) {
    const upper = options.last === undefined ? { lt: SEGMENTS_END } : { lte: segmentKey(options.last) };
    const range = { ...ENCODING, ...upper, gte: segmentKey(options.first), highWaterMarkBytes: CHUNK_BYTES };
    this.#options = options;
    this.#iterator = db.iterator<string, Buffer>(range);
  }

  /** The next chunk; empty at the end. */
  async next(): Promise<readonly RawEntry[]> {
    const ahead = this.#ahead;
    this.#ahead = undefined;
    const chunk = await (ahead ?? this.#fetch());
    if (this.#options.ahead && chunk.length > 0) {
      this.#ahead = this.#fetch();
      // A failure of what may never be asked for is told when it is.
      this.#ahead.catch(() => undefined);
    }
    return chunk;
  }

  async close(): Promise<void> {
    await this.#iterator.close();
  }

  #fetch(): Promise<readonly RawEntry[]> {
    return this.#iterator.nextv(this.#options.chunk);
  }
}
