import { randomBytes } from 'node:crypto';
import { open, readdir, rename, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errnoOf } from './errno.ts';

/** What a directory entry of a driver's own is called while it is being deleted, or made. */
const REMAINS = /^(rm|tmp)-/;

/** How a directory of a driver's own is deleted with all beneath it. Succeeds when there is none. */
export type Erase = (directory: string) => Promise<void>;

/** By unlink(2) and rmdir(2). */
export const eraseTree: Erase = (directory) => rm(directory, { recursive: true, force: true });

/** A new name in `directory` for something under construction, which {@link collectRemains} recognises after a crash. */
export function temporaryPath(directory: string): string {
  return join(directory, `tmp-${randomBytes(8).toString('hex')}`);
}

/**
 * Deletes `path` and all beneath it: renames it to `rm-<name>` in `directory` (of the same file system) first, so that a
 * crash leaves nothing that looks whole. Succeeds when there is nothing.
 */
export async function safeRemove(path: string, directory: string, erase: Erase = eraseTree): Promise<void> {
  // A name of 255 bytes leaves no room for a prefix, and an earlier attempt may still hold the plain one.
  const condemned = join(directory, `rm-${basename(path).slice(0, 200)}-${randomBytes(4).toString('hex')}`);
  try {
    await rename(path, condemned);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return;
    throw error;
  }
  await erase(condemned);
}

/**
 * Deletes what interrupted work left in `directory`: every `rm-*` and `tmp-*`. Call it before any work begins. Repeating
 * is free; a directory that does not exist holds nothing.
 */
export async function collectRemains(directory: string, erase: Erase = eraseTree): Promise<readonly string[]> {
  const remains = (await namesIn(directory)).filter((name) => REMAINS.test(name));
  for (const name of remains) await erase(join(directory, name));
  return remains;
}

/** fsync(2) of a directory: names made in it, or taken from it, survive power loss. */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Names in a directory; none when it does not exist. */
export async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
