import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { throwIfAborted } from './abort.ts';
import { errnoOf } from './errno.ts';

/** What a tree holds, its root directory not counted. */
export interface TreeUsage {
  /** Lengths of everything but directories; a file with several names counts once. */
  readonly bytes: number;
  /** Files, directories and all else; a file with several names counts once. */
  readonly inodes: number;
}

/** How many entries are looked at together. */
const BATCH = 64;

/** What a path meets that goes meanwhile, or lies deeper than paths are long. */
const PASSED_OVER: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENAMETOOLONG']);

/**
 * Measures the tree beneath `root`, following no symbolic link. Whoever uses it may go on: a tree that changes meanwhile gives a number in between.
 * What lies deeper than a path can say is not counted. Throws ENOENT where there is no tree, or CANCELED.
 */
export async function treeUsage(root: string, signal?: AbortSignal): Promise<TreeUsage> {
  let bytes = 0;
  let inodes = 0;
  const seen = new Set<string>();
  // The root alone must be there.
  await lstat(root);
  const left = [root];
  for (let directory = left.pop(); directory !== undefined; directory = left.pop()) {
    const names = (await ifThere(readdir(directory))) ?? [];
    for (let start = 0; start < names.length; start += BATCH) {
      throwIfAborted(signal);
      const at = directory;
      const paths = names.slice(start, start + BATCH).map((name) => join(at, name));
      const looks = await Promise.all(paths.map(async (path) => ({ path, stats: await ifThere(lstat(path, { bigint: true })) })));
      for (const { path, stats } of looks) {
        if (stats === undefined || isSeen(stats, seen)) continue;
        inodes += 1;
        if (!stats.isDirectory()) bytes += Number(stats.size);
        else left.push(path);
      }
    }
  }
  return { bytes, inodes };
}

/** Whether another name of the same file was counted. */
function isSeen(stats: BigIntStats, seen: Set<string>): boolean {
  if (stats.isDirectory() || stats.nlink === 1n) return false;
  const inode = `${stats.dev}:${stats.ino}`;
  if (seen.has(inode)) return true;
  seen.add(inode);
  return false;
}

async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (PASSED_OVER.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
