import { TILE_WIDTH } from './entry.ts';
import { EMPTY_ROOT, type Hash, HASH_BYTES, hashOf, nodeHash } from './hash.ts';
import { tileWidth } from './tile-path.ts';
import { TlogError } from './tlog-error.ts';

/**
 * Gives a tile's bytes: the hashes at height `8 × level`, from `256 × index` on, 32 bytes each. At least `width` of them; those
 * after are not looked at. It may be a directory, a server, a log in memory; nothing it answers is believed before it is checked
 * against a root.
 */
export type TileReader = (level: number, index: number, width: number) => Promise<Uint8Array>;

/** The hashes of a tile and those above them, row by row: row 0 has up to 256, row 8 up to one. */
type Pyramid = readonly (readonly Hash[])[];

/** The tree of the first `size` leaves, read from tiles. Each tile is read once and kept. */
export class TileTree {
  readonly size: number;
  readonly #read: TileReader;
  readonly #pyramids = new Map<string, Promise<Pyramid>>();

  /** Throws RangeError for a size that is no number of leaves. */
  constructor(size: number, read: TileReader) {
    if (!Number.isSafeInteger(size) || size < 0) throw new RangeError(`a tree cannot have ${size} leaves`);
    this.size = size;
    this.#read = read;
  }

  root(): Promise<Hash> {
    return this.rangeRoot(0, this.size);
  }

  /**
   * MTH(D[from:to]) of RFC 6962, section 2.1, where `from` is a multiple of the smallest power of two that is not less than
   * `to - from`: the subtrees that proofs are made of.
   */
  async rangeRoot(from: number, to: number): Promise<Hash> {
    if (from === to) return EMPTY_ROOT;
    const count = to - from;
    const left = largestPowerBelow(count);
    if (left * 2 === count || count === 1) return this.#subtree(from, count);
    const [one, other] = await Promise.all([this.#subtree(from, left), this.rangeRoot(from + left, to)]);
    return nodeHash(one, other);
  }

  /** Root of the perfect subtree over `count` leaves, a power of two, from a multiple of it on. */
  async #subtree(from: number, count: number): Promise<Hash> {
    let level = 0;
    let unit = 1;
    while (unit * TILE_WIDTH <= count) {
      unit *= TILE_WIDTH;
      level++;
    }
    // Hashes of this level that lie below the subtree: 1 to 128.
    const below = count / unit;
    const first = from / unit;
    const index = Math.floor(first / TILE_WIDTH);
    const hash = (await this.#pyramid(level, index))[Math.log2(below)]?.[(first % TILE_WIDTH) / below];
    if (hash === undefined) throw new RangeError(`the tree of ${this.size} leaves has no subtree of ${count} from ${from} on`);
    return hash;
  }

  #pyramid(level: number, index: number): Promise<Pyramid> {
    const key = `${level}/${index}`;
    const known = this.#pyramids.get(key);
    if (known !== undefined) return known;
    const made = this.#build(level, index);
    this.#pyramids.set(key, made);
    return made;
  }

  async #build(level: number, index: number): Promise<Pyramid> {
    const width = tileWidth(level, index, this.size);
    const bytes = await this.#read(level, index, width);
    if (bytes.length < width * HASH_BYTES || bytes.length % HASH_BYTES !== 0)
      throw new TlogError('malformed', `tile ${level}/${index} has ${bytes.length} bytes, and ${width} hashes need ${width * HASH_BYTES}`);
    const rows: Hash[][] = [Array.from({ length: width }, (_, at) => hashOf(bytes, at * HASH_BYTES))];
    for (let row = rows[0] ?? []; row.length > 1;) {
      const above: Hash[] = [];
      for (let at = 0; at + 1 < row.length; at += 2) above.push(nodeHash(row[at] ?? '', row[at + 1] ?? ''));
      rows.push(above);
      row = above;
    }
    return rows;
  }
}

/** The largest power of two that is less than `count`; 1 for 1. */
export function largestPowerBelow(count: number): number {
  let power = 1;
  while (power * 2 < count) power *= 2;
  return power;
}
