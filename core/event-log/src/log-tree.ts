import { type MerkleTree, ShiplogError } from '@shiplog/contracts';
import { Frontier, type Hash, HASH_BYTES, hashBytes, hashOf, TILE_WIDTH, type TreeEdge, widthOf } from '@shiplog/tlog';
import { ENCODING, type LogDatabase, tileKey } from './stored/database.ts';
import { BODY, checkFrame, FrameError } from './stored/frame.ts';
import { positionUnknown } from './check/position-unknown.ts';

/** What the tree's view reads. */
export interface TreeSource {
  readonly db: LogDatabase;
  /** The edge of all admitted events, and the tiles that these completed and that are perhaps not stored yet, by key. */
  readonly edge: TreeEdge;
  readonly tiles: ReadonlyMap<string, Buffer>;
  /** Events that are durable: what the view shows. */
  readonly size: number;
  /** Leaf hashes of the events `from` to `to`, from their stored bytes. */
  leafHashes(from: number, to: number): Promise<readonly Hash[]>;
}

/** The log as a Merkle tree. Tiles are stored beside the events; one that is damaged or gone is made again from them. */
export class LogTree implements MerkleTree {
  readonly #source: TreeSource;

  constructor(source: TreeSource) {
    this.#source = source;
  }

  get size(): number {
    return this.#source.size;
  }

  async root(size = this.size): Promise<Uint8Array> {
    if (!Number.isSafeInteger(size) || size < 0 || size > this.size) throw positionUnknown(size - 1, this.size - 1);
    const levels: Promise<Hash[]>[] = [];
    for (let level = 0; widthOf(level) <= size; level++) levels.push(this.#left(level, size));
    const roots = (await Promise.all(levels)).toReversed().flatMap((hashes) => {
      const frontier = new Frontier();
      frontier.appendAll(hashes);
      return frontier.roots;
    });
    return hashBytes(new Frontier(size, roots).root());
  }

  async tile(level: number, index: number): Promise<Uint8Array> {
    const { edge, size } = this.#source;
    const count = Math.min(TILE_WIDTH, Math.floor(size / widthOf(level)) - index * TILE_WIDTH);
    if (!(count > 0) || level < 0 || index < 0) {
      throw new ShiplogError('LOG_POSITION_UNKNOWN', `the tree of ${size} events has no tile ${index} of level ${level}`, {
        level,
        index,
        size,
      });
    }
    // Admitted events may have completed it, though not all of its hashes are durable yet.
    if (Math.floor(edge.size / widthOf(level + 1)) === index) return edge.open(level, count);
    return (await this.#complete(level, index)).subarray(0, count * HASH_BYTES);
  }

  /** The hashes of a level in its last tile over the first `size` leaves. */
  async #left(level: number, size: number): Promise<Hash[]> {
    const total = Math.floor(size / widthOf(level));
    const count = total % TILE_WIDTH;
    if (count === 0) return [];
    const tile = await this.tile(level, Math.floor(total / TILE_WIDTH));
    return Array.from({ length: count }, (_, at) => hashOf(tile, at * HASH_BYTES));
  }

  async #complete(level: number, index: number): Promise<Buffer> {
    const key = tileKey(level, index);
    const value = this.#source.tiles.get(key) ?? (await this.#source.db.get<string, Buffer>(key, ENCODING));
    try {
      if (value !== undefined) return decodeTile(value);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
    }
    return this.#again(level, index);
  }

  async #again(level: number, index: number): Promise<Buffer> {
    const first = index * TILE_WIDTH;
    if (level === 0) return hashBytes(...(await this.#source.leafHashes(first, first + TILE_WIDTH - 1)));
    const hashes: Hash[] = [];
    for (let below = first; below < first + TILE_WIDTH; below++) hashes.push(tileRoot(await this.#complete(level - 1, below)));
    return hashBytes(...hashes);
  }
}

/** Hashes of a stored tile. Throws FrameError when it is damaged. */
export function decodeTile(value: Buffer): Buffer {
  checkFrame(value, BODY + TILE_WIDTH * HASH_BYTES);
  return value.subarray(BODY);
}

/** The hash that stands for a complete tile in the level above. */
function tileRoot(hashes: Buffer): Hash {
  const frontier = new Frontier();
  for (let at = 0; at < hashes.length; at += HASH_BYTES) frontier.append(hashOf(hashes, at));
  return frontier.root();
}
