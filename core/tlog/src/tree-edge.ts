import { TILE_WIDTH } from './entry.ts';
import { Frontier } from './frontier.ts';
import { type Hash, HASH_BYTES, hashOf } from './hash.ts';

/** A tile that has just become complete: its hashes, 32 bytes each. */
export interface CompleteTile {
  readonly level: number;
  readonly index: number;
  readonly bytes: Buffer;
}

/** The hashes of an incomplete tile, and the perfect subtrees they fall into. */
interface OpenTile {
  hashes: Hash[];
  frontier: Frontier;
}

/**
 * The right edge of a tree (RFC 6962) in tiles (C2SP tlog-tiles): of each level the hashes that do not fill a tile yet.
 * Appending to it yields the tiles as they become complete; its root stands for all events so far.
 */
export class TreeEdge {
  readonly #levels: OpenTile[] = [];
  #size = 0;
  #frontier: Frontier | undefined;

  /** Leaves so far. */
  get size(): number {
    return this.#size;
  }

  /** Adds a leaf. Complete tiles go to `completed`, the lowest level first. */
  append(leaf: Hash, completed: (tile: CompleteTile) => void): void {
    this.#size++;
    this.#frontier = undefined;
    let hash = leaf;
    for (let level = 0; ; level++) {
      const tile = (this.#levels[level] ??= { hashes: [], frontier: new Frontier() });
      tile.hashes.push(hash);
      tile.frontier.append(hash);
      if (tile.hashes.length < TILE_WIDTH) return;
      // A full tile's frontier is one perfect subtree: its root is there already.
      hash = tile.frontier.root();
      const index = Math.floor(this.#size / widthOf(level + 1)) - 1;
      completed({ level, index, bytes: Buffer.from(tile.hashes.join(''), 'latin1') });
      this.#levels[level] = { hashes: [], frontier: new Frontier() };
    }
  }

  /** The root over all leaves so far. */
  root(): Hash {
    return this.frontier().root();
  }

  /** The edge as it is now: it does not move along. Not to be appended to. */
  frontier(): Frontier {
    if (this.#frontier !== undefined) return this.#frontier;
    const roots: Hash[] = [];
    for (let level = this.#levels.length - 1; level >= 0; level--) roots.push(...(this.#levels[level]?.frontier.roots ?? []));
    this.#frontier = new Frontier(this.#size, roots);
    return this.#frontier;
  }

  /** The first `count` hashes of the open tile of a level. */
  open(level: number, count: number): Buffer {
    return Buffer.from((this.#levels[level]?.hashes ?? []).slice(0, count).join(''), 'latin1');
  }

  /** All open tiles, the lowest level first. Store the size beside them: it tells how many hashes each has. */
  encode(): Buffer {
    return Buffer.from(this.#levels.flatMap(({ hashes }) => hashes).join(''), 'latin1');
  }

  /** Reads what {@link encode} wrote of `size` leaves. Undefined if these bytes cannot be that. */
  static decode(size: number, bytes: Uint8Array): TreeEdge | undefined {
    const edge = new TreeEdge();
    edge.#size = size;
    let at = 0;
    for (let level = 0; widthOf(level) <= size; level++) {
      const count = Math.floor(size / widthOf(level)) % TILE_WIDTH;
      if (at + count * HASH_BYTES > bytes.length) return undefined;
      const hashes = Array.from({ length: count }, (_, index) => hashOf(bytes, at + index * HASH_BYTES));
      const frontier = new Frontier();
      frontier.appendAll(hashes);
      edge.#levels.push({ hashes, frontier });
      at += count * HASH_BYTES;
    }
    return at === bytes.length ? edge : undefined;
  }
}

/** Leaves that one hash of a level stands for. */
export function widthOf(level: number): number {
  return TILE_WIDTH ** level;
}
