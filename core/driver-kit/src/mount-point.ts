import { mkdir, realpath, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Kernel } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';
import type { Logger } from './services.ts';

/** How often a busy mount is tried again before it is detached lazily, and how long each wait is. */
const ATTEMPTS = 5;
const PAUSE_MS = 20;

/**
 * Makes the directory `target` to mount on, below directories that only their owner may enter. Answers its real path,
 * which is what the mount table shows, and whether it was new.
 */
export async function makeMountPoint(target: string): Promise<{ readonly path: string; readonly made: boolean }> {
  await mkdir(dirname(target), { recursive: true, mode: 0o700 });
  const path = join(await realpath(dirname(target)), basename(target));
  try {
    await mkdir(path, 0o700);
    return { path, made: true };
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
    return { path, made: false };
  }
}

/** The real path of a mount point, which is itself never followed; undefined when its directory does not exist. */
export async function findMountPoint(target: string): Promise<string | undefined> {
  try {
    return join(await realpath(dirname(target)), basename(target));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Removes an empty mount point. Succeeds when there is none; fails when something lies in it. */
export async function removeMountPoint(path: string): Promise<void> {
  try {
    await rmdir(path);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
  }
}

/**
 * Unmounts what is on top at `path`. A busy mount is tried for a moment, since what used it may be just ending; then it
 * is detached lazily (umount2(2), MNT_DETACH), which the log tells, because its last user now keeps it alive unseen.
 */
export async function unmountPatiently(kernel: Kernel, logger: Logger, path: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await kernel.mounts.unmount(path);
    } catch (error) {
      if (errnoOf(error) !== 'EBUSY') throw error;
    }
    if (attempt === ATTEMPTS) break;
    await sleep(PAUSE_MS);
  }
  logger.warn('a busy mount is detached lazily', { target: path });
  await kernel.mounts.unmount(path, { lazy: true });
}
