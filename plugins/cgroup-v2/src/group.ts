import { mkdir, readdir, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf, readControl, writeControl } from '@shiplog/driver-kit';

const TRIES = 100;

/** Controllers the driver uses, as far as a host has them. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'io'];

/**
 * Makes `<mount>/<parent>/<id>` and enables every controller there is on the way down (cgroups(7), cgroup.subtree_control).
 * One that cannot be enabled is left out: the group's cgroup.controllers says what it has. Repeating it is harmless.
 */
export async function makeGroup(mount: string, parent: string, id: string): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await enableControllers(mount);
      await mkdir(join(mount, parent, id), { recursive: true });
      // Only now: the group keeps the one above it from being removed by another container's end.
      await enableControllers(join(mount, parent));
      return;
    } catch (error) {
      // Another container's removal may take the engine's own group away in between.
      if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '') || tries > TRIES) throw refused('mkdir', join(mount, parent, id), error);
    }
  }
}

/** One at a time: the kernel takes all of a list or nothing. Throws KERNEL_CALL_FAILED only when the group is gone. */
async function enableControllers(directory: string): Promise<void> {
  const has = (await readControl(`${directory}/cgroup.controllers`)).split(' ');
  const enabled = (await readControl(`${directory}/cgroup.subtree_control`)).split(' ');
  for (const controller of CONTROLLERS) {
    if (!has.includes(controller) || enabled.includes(controller)) continue;
    try {
      await writeControl(`${directory}/cgroup.subtree_control`, `+${controller}`);
    } catch (error) {
      // EBUSY where processes are in the group itself, or real-time ones under cpu: limits warn of it.
      if (['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '')) throw error;
    }
  }
}

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
    if (!['ENOENT', 'EBUSY', 'ENOTEMPTY'].includes(errno)) throw refused('rmdir', dirname(group), error);
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
      if (errno !== 'EBUSY' || tries > TRIES) throw refused('rmdir', group, error);
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
    throw refused('readdir', group, error);
  }
}

function refused(call: string, path: string, error: unknown): ShiplogError {
  const errno = errnoOf(error) ?? 'EIO';
  return new ShiplogError('KERNEL_CALL_FAILED', `${call} ${path}: ${errno}`, { call, path, errno }, { cause: error });
}
