import type { EntryStats, Kernel, TreeEntry } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { DEPTH_LIMIT } from './descriptor.ts';
import { isDirectory } from './entry-kind.ts';

/** What a tree holds, its root directory not counted. */
export interface TreeUsage {
  /** Lengths of everything but directories; a file with several names counts once. */
  readonly bytes: number;
  /** Files, directories and all else; a file with several names counts once. */
  readonly inodes: number;
}

/**
 * Measures the tree beneath `root`. Whoever uses it may go on, and may work against it: nothing outside is looked at, and a tree that changes meanwhile gives a number in
 * between. What lies more than 512 directories deep is not counted, and no name that is not UTF-8. Throws KERNEL_CALL_FAILED with ENOENT where there is no tree, or CANCELED.
 */
export function treeUsage(kernel: Kernel, root: string, signal?: AbortSignal): Promise<TreeUsage> {
  return usageOf(kernel.trees.walk(root, DEPTH_LIMIT), signal);
}

/** The same of a walk. */
export async function usageOf(walk: AsyncIterable<readonly TreeEntry[]>, signal?: AbortSignal): Promise<TreeUsage> {
  let bytes = 0;
  let inodes = 0;
  const seen = new Set<string>();
  for await (const entries of walk) {
    throwIfAborted(signal);
    for (const { stats } of entries) {
      if (stats === undefined || isSeen(stats, seen)) continue;
      inodes += 1;
      if (!isDirectory(stats)) bytes += Number(stats.size);
    }
  }
  return { bytes, inodes };
}

/** Whether another name of the same file was counted. */
function isSeen(stats: EntryStats, seen: Set<string>): boolean {
  if (stats.nlink === 1n || isDirectory(stats)) return false;
  const inode = `${stats.dev}:${stats.ino}`;
  if (seen.has(inode)) return true;
  seen.add(inode);
  return false;
}
