import type { ResourceLimits } from '@shiplog/contracts';
import { readControl, warnOfMissing, rdma } from '@shiplog/driver-kit';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { hugetlb } from './hugetlb.ts';
import { io } from './io.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';

const CONTROLLERS = [cpu, cpuset, memory, pids, io, hugetlb, rdma];

/**
 * Sets limits of the group at `directory`; what is absent stays. Answers what this host cannot set, each with its reason.
 * Throws SPEC_INVALID; some of the limits may be set then.
 */
export async function setLimits(directory: string, limits: ResourceLimits): Promise<string[]> {
  const has = (await readControl(`${directory}/cgroup.controllers`)).split(' ');
  const done = await Promise.allSettled(
    CONTROLLERS.map(async (controller) =>
      has.includes(controller.name)
        ? controller.setLimits(directory, limits)
        : warnOfMissing(controller, limits, `the unified hierarchy has no ${controller.name} controller here`),
    ),
  );
  // Thrown when all have ended: whoever removes the group next meets no late write.
  return done.flatMap((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
