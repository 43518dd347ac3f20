import { dirname } from 'node:path';
import { readControl, writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** Which CPUs and memory nodes (cpuset(7)). A new group has none, and takes no process until it has: it inherits first. */
export const cpuset: Controller = {
  name: 'cpuset',
  async setLimits(directory, { cpusetCpus, cpusetMems }) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await inherit(directory, file);
    const unset: string[] = [];
    if (cpusetCpus !== undefined && cpusetCpus !== '') unset.push(...(await attempt('cpuset cpus', () => writeControl(`${directory}/cpuset.cpus`, cpusetCpus))));
    if (cpusetMems !== undefined && cpusetMems !== '') unset.push(...(await attempt('cpuset mems', () => writeControl(`${directory}/cpuset.mems`, cpusetMems))));
    return unset;
  },
};

async function inherit(directory: string, file: string): Promise<string> {
  const own = await readControl(`${directory}/${file}`);
  if (own !== '') return own;
  const parents = await inherit(dirname(directory), file);
  await writeControl(`${directory}/${file}`, parents);
  return parents;
}
