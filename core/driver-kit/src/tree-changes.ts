import type { BigIntStats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { errnoOf } from './errno.ts';

/** How a path in a tree differs from what was there in another one. Paths begin with a slash, which is the tree's root. */
export interface TreeChange {
  readonly path: string;
  readonly kind: 'modified' | 'added' | 'deleted';
}

export interface TreeComparison {
  /** What it was; nothing at all if absent. */
  readonly base?: string | undefined;
  readonly tree: string;
  /** Paths that do not count when they were added, nor what is in them. */
  readonly ignore: ReadonlySet<string>;
  readonly signal: AbortSignal;
  /**
   * What was not changed has the time of change in both (the same inodes, or snapshots of them): then that alone tells, extended attributes and all. A
   * name that is not UTF-8 is refused, where else it is passed over.
   */
  readonly byChangeTime?: boolean;
}

/** How many entries are looked at together. */
const BATCH = 64;

/**
 * Every path that differs, a directory before what is in it. Compared by kind, mode, owner and device, and but for directories by length and time;
 * content is not read. A directory counts as modified also when something in it differs. What is in a deleted one is not listed by itself. Follows no
 * symbolic link; a tree that changes meanwhile gives something in between.
 */
export async function treeChanges(comparison: TreeComparison): Promise<readonly TreeChange[]> {
  return compare(comparison, '', comparison.base !== undefined);
}

async function compare(comparison: TreeComparison, directory: string, hasBase: boolean): Promise<readonly TreeChange[]> {
  const { base = '', tree, ignore, signal, byChangeTime = false } = comparison;
  const before = hasBase ? await readdir(join(base, directory)) : [];
  const names = [...new Set([...(await namesIn(join(tree, directory))), ...before])].toSorted();
  const old = new Set(before);
  const changes: TreeChange[] = [];
  for (let start = 0; start < names.length; start += BATCH) {
    throwIfAborted(signal);
    const looks = names.slice(start, start + BATCH).map(async (name) => {
      const path = `${directory}/${name}`;
      return { path, is: await statsOf(join(tree, path)), was: old.has(name) ? await statsOf(join(base, path)) : undefined };
    });
    for (const { path, is, was } of await Promise.all(looks)) {
      if (is === undefined) {
        // Another name than was read: half of a character stood there.
        if (was === undefined && byChangeTime && path.includes('\uFFFD'))
          throw new ShiplogError('ARCHIVE_INVALID', `a name that is not UTF-8 cannot be in a layer: ${path}`, { path });
        if (was !== undefined) changes.push({ path, kind: 'deleted' });
        continue;
      }
      if (was === undefined && ignore.has(path)) continue;
      const within = is.isDirectory() ? await compare(comparison, path, was?.isDirectory() === true) : [];
      if (was === undefined) changes.push({ path, kind: 'added' });
      else if (within.length > 0 || differs(is, was) || (byChangeTime && is.ctimeNs !== was.ctimeNs))
        changes.push({ path, kind: 'modified' });
      changes.push(...within);
    }
  }
  return changes;
}

function differs(is: BigIntStats, was: BigIntStats): boolean {
  if (is.mode !== was.mode || is.uid !== was.uid || is.gid !== was.gid || is.rdev !== was.rdev) return true;
  return !is.isDirectory() && (is.size !== was.size || is.mtimeNs !== was.mtimeNs);
}

/** None where a directory went, or became something else, meanwhile. */
async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return [];
    throw error;
  }
}

/** Undefined for what is not there, or not any more. */
async function statsOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
