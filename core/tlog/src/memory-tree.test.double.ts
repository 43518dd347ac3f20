import { TILE_WIDTH } from './entry.ts';
import { type Hash, hashBytes, leafHash, nodeHash } from './hash.ts';
import type { TileReader } from './tree.ts';

/** A tree in memory: all hashes of every eighth row, as tiles are. */
export class MemoryTree {
  readonly rows: Hash[][] = [[]];

  static of(size: number): MemoryTree {
    const tree = new MemoryTree();
    for (let index = 0; index < size; index++) tree.append(leafHash(entry(index)));
    return tree;
  }

  get size(): number {
    return this.rows[0]?.length ?? 0;
  }

  append(leaf: Hash): void {
    let hash = leaf;
    for (let level = 0; ; level++) {
      const row = (this.rows[level] ??= []);
      row.push(hash);
      if (row.length % TILE_WIDTH !== 0) return;
      let above: readonly Hash[] = row.slice(-TILE_WIDTH);
      while (above.length > 1) above = pairs(above);
      hash = above[0] ?? '';
    }
  }

  readonly tile: TileReader = async (level, index) => {
    return hashBytes(...(this.rows[level] ?? []).slice(index * TILE_WIDTH, (index + 1) * TILE_WIDTH));
  };
}

export function entry(index: number): Buffer {
  return Buffer.from(`{"seq":${index}}`);
}

function pairs(row: readonly Hash[]): readonly Hash[] {
  return Array.from({ length: row.length / 2 }, (_, at) => nodeHash(row[at * 2] ?? '', row[at * 2 + 1] ?? ''));
}
