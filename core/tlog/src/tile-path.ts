import { TILE_WIDTH } from './entry.ts';
import { parseDecimal } from './encoding.ts';
import { TlogError } from './tlog-error.ts';

/** A tile of hashes by its level, or the bundle of entries below level 0. `width` is 256 for a full one. */
export interface TileId {
  readonly level: number | 'entries';
  readonly index: number;
  readonly width: number;
}

/** Highest level: a tree of 2^53 leaves has tiles up to level 6, and the format goes on to 63. */
const MAX_LEVEL = 63;

/** Where a tile is served, relative to the log's prefix: `tile/0/x001/234`, `tile/entries/000.p/17` (C2SP tlog-tiles). */
export function tilePath({ level, index, width }: TileId): string {
  const digits = String(index);
  const groups = digits.padStart(Math.ceil(digits.length / 3) * 3, '0').match(/\d{3}/g) ?? [];
  const name = groups.map((group, at) => (at === groups.length - 1 ? group : `x${group}`)).join('/');
  return `tile/${level}/${name}${width === TILE_WIDTH ? '' : `.p/${width}`}`;
}

/** Reads a path that {@link tilePath} could have made, and no other. Throws TlogError. */
export function parseTilePath(path: string): TileId {
  const [, level, name, partial] = /^tile\/(entries|\d{1,2})\/((?:x\d{3}\/){0,5}\d{3})(?:\.p\/(\d{1,3}))?$/.exec(path) ?? [];
  const id: TileId | undefined =
    level === undefined || name === undefined
      ? undefined
      : {
          level: level === 'entries' ? level : parseDecimal(level, 'the level of a tile'),
          index: Number(name.replace(/[x/]/g, '')),
          width: partial === undefined ? TILE_WIDTH : parseDecimal(partial, 'the width of a tile'),
        };
  if (
    id === undefined ||
    (id.level !== 'entries' && id.level > MAX_LEVEL) ||
    id.width === 0 ||
    (partial !== undefined && id.width >= TILE_WIDTH) ||
    tilePath(id) !== path
  )
    throw new TlogError('malformed', 'the path names no tile');
  return id;
}

/** Hashes that tile `index` of a level has in a tree of `size` leaves: 0 to 256. */
export function tileWidth(level: number, index: number, size: number): number {
  const hashes = Math.floor(size / TILE_WIDTH ** level);
  return Math.max(0, Math.min(TILE_WIDTH, hashes - index * TILE_WIDTH));
}

/**
 * Every tile and bundle that a tree of `size` leaves has and one of `before` has not, from the leaves up. A tile that grew is
 * there with its new width.
 */
export function* newTiles(before: number, size: number): Generator<TileId> {
  for (let index = Math.floor(before / TILE_WIDTH); index * TILE_WIDTH < size; index++) {
    const width = tileWidth(0, index, size);
    if (index * TILE_WIDTH + width > before) yield { level: 'entries', index, width };
  }
  for (let level = 0; TILE_WIDTH ** level <= size; level++) {
    const had = Math.floor(before / TILE_WIDTH ** level);
    const has = Math.floor(size / TILE_WIDTH ** level);
    for (let index = Math.floor(had / TILE_WIDTH); index * TILE_WIDTH < has; index++) {
      const width = tileWidth(level, index, size);
      if (index * TILE_WIDTH + width > had) yield { level, index, width };
    }
  }
}
