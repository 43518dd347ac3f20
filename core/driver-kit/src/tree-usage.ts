import { walkTree } from './tree-walk.ts';

/** What a tree holds, its root directory not counted. */
export interface TreeUsage {
  /** Lengths of everything but directories; a file with several names counts once. */
  readonly bytes: number;
  /** Files, directories and all else; a file with several names counts once. */
  readonly inodes: number;
}

/** Measures the tree beneath `root`. A tree that changes meanwhile gives a number in between, or ENOENT. */
export async function treeUsage(root: string): Promise<TreeUsage> {
  let bytes = 0;
  let inodes = 0;
  const seen = new Set<string>();
  for await (const { stats } of walkTree(root)) {
    if (!stats.isDirectory() && stats.nlink > 1n) {
      const inode = `${stats.dev}:${stats.ino}`;
      if (seen.has(inode)) continue;
      seen.add(inode);
    }
    inodes += 1;
    if (!stats.isDirectory()) bytes += Number(stats.size);
  }
  return { bytes, inodes };
}
