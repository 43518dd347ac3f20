import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Something in a tree. `path` is relative to the tree's root, which is itself left out. */
export interface TreeEntry {
  readonly path: string;
  readonly stats: BigIntStats;
}

/** How many entries are looked at together. */
const BATCH = 64;

/** Every entry beneath `root`, a directory before what is in it. Follows no symbolic link. */
export async function* walkTree(root: string, directory = ''): AsyncGenerator<TreeEntry, void, undefined> {
  const names = await readdir(join(root, directory));
  for (let start = 0; start < names.length; start += BATCH) {
    const batch = await Promise.all(
      names.slice(start, start + BATCH).map(async (name) => {
        const path = join(directory, name);
        return { path, stats: await lstat(join(root, path), { bigint: true }) };
      }),
    );
    for (const entry of batch) {
      yield entry;
      if (entry.stats.isDirectory()) yield* walkTree(root, entry.path);
    }
  }
}
