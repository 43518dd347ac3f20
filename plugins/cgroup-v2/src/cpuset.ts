import { writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** Which CPUs and memory nodes (kernel: cgroup-v2, Cpuset). A group without its own has its parent's. */
export const cpuset: Controller = {
  name: 'cpuset',
  limits: ['cpusetCpus', 'cpusetMems'],
  async setLimits(directory, { cpusetCpus = '', cpusetMems = '' }) {
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: string): Promise<void> => {
      if (value !== '') unset.push(...(await attempt(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    await set('cpuset cpus', 'cpuset.cpus', cpusetCpus);
    await set('cpuset mems', 'cpuset.mems', cpusetMems);
    return unset;
  },
};
