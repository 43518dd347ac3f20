import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { errnoOf, groupRefused, readControl, writeControl } from '@shiplog/driver-kit';

const TRIES = 100;

/** Controllers the driver uses, as far as a host has them. */
const CONTROLLERS = ['cpu', 'cpuset', 'memory', 'pids', 'io', 'hugetlb', 'rdma'];

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
      if (!['ENOENT', 'ENODEV'].includes(errnoOf(error) ?? '') || tries > TRIES)
        throw groupRefused('mkdir', join(mount, parent, id), error);
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
