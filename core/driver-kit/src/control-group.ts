import { readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { readControl } from './control-file.ts';
import { errnoOf } from './errno.ts';

/** How often a busy group is tried again. */
const TRIES = 100;

/**
 * Removes a group with the groups a container made in it, then the engine's own if this was the last. Succeeds when there
 * is none. Throws KERNEL_CALL_FAILED with EBUSY when a process is in it; the group stays then.
 */
export async function removeGroup(group: string): Promise<void> {
  await removeTree(group);
  try {
    await rmdir(dirname(group));
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(errno)) throw groupRefused('rmdir', dirname(group), error);
  }
}

async function removeTree(group: string): Promise<void> {
  // A group whose last process has just died is busy for a moment.
  for (let tries = 0; ; tries += 1) {
    for (const child of await childrenOf(group)) await removeTree(child);
    try {
      await rmdir(group);
      return;
    } catch (error) {
      const errno = errnoOf(error);
      if (errno === 'ENOENT') return;
      if (errno !== 'EBUSY' || tries > TRIES) throw groupRefused('rmdir', group, error);
      await sleep(tries < 10 ? 1 : 20);
    }
  }
}

/** The group and all groups in it, outermost first; none if it is not there. */
export async function groupsIn(group: string): Promise<readonly string[]> {
  const below = await Promise.all((await childrenOf(group)).map(groupsIn));
  return [group, ...below.flat()];
}

/** Pids of the group and of all groups in it. A process this pid namespace cannot see is not among them. */
export async function processesIn(group: string): Promise<number[]> {
  const found = new Set<number>();
  for (const directory of await groupsIn(group)) {
    for (const line of (await readControl(`${directory}/cgroup.procs`)).split('\n')) if (Number(line) > 0) found.add(Number(line));
  }
  return [...found];
}

async function childrenOf(group: string): Promise<readonly string[]> {
  try {
    return (await readdir(group, { withFileTypes: true })).filter((entry) => entry.isDirectory()).map(({ name }) => join(group, name));
  } catch (error) {
    const errno = errnoOf(error) ?? '';
    if (['ENOENT', 'ENODEV'].includes(errno)) return [];
    throw groupRefused('readdir', group, error);
  }
}

/** A refused call on a control group as an error with the call, the path and errno. */
export function groupRefused(call: string, path: string, error: unknown): ShiplogError {
  const errno = errnoOf(error) ?? 'EIO';
  return new ShiplogError('KERNEL_CALL_FAILED', `${call} ${path}: ${errno}`, { call, path, errno }, { cause: error });
}
