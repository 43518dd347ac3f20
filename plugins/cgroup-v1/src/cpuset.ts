import { dirname } from 'node:path';
import { readControl, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/**
 * Which CPUs and memory nodes (cpuset(7)). A new group has none, and takes no process until it has: it inherits first. Once the
 * group above says `cgroup.clone_children`, the kernel lets it inherit.
 */
export const cpuset: CgroupController = {
  name: 'cpuset',
  limits: ['cpusetCpus', 'cpusetMems'],
  async setLimits(directory, { cpusetCpus = '', cpusetMems = '' }) {
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await inherit(directory, file);
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: string): Promise<void> => {
      if (value !== '') unset.push(...(await attemptLimit(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    await set('cpuset cpus', 'cpuset.cpus', cpusetCpus);
    await set('cpuset mems', 'cpuset.mems', cpusetMems);
    return unset;
  },
};

/** Only the root of the hierarchy always has a value: the engine's group may be new too. */
async function inherit(directory: string, file: string): Promise<string> {
  const own = await readControl(`${directory}/${file}`);
  if (own !== '' || dirname(directory) === directory) return own;
  const parents = await inherit(dirname(directory), file);
  if (parents === '') return parents;
  await writeControl(`${directory}/${file}`, parents);
  await attemptLimit('inheritance of cpusets', () => writeControl(`${dirname(directory)}/cgroup.clone_children`, 1));
  return parents;
}
