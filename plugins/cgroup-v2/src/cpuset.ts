import { writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/** Which CPUs and memory nodes (kernel: cgroup-v2, Cpuset). A group without its own has its parent's. */
export const cpuset: CgroupController = {
  name: 'cpuset',
  limits: ['cpusetCpus', 'cpusetMems'],
  async setLimits(directory, { cpusetCpus = '', cpusetMems = '' }) {
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: string): Promise<void> => {
      if (value !== '') unset.push(...(await attemptLimit(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    await set('cpuset cpus', 'cpuset.cpus', cpusetCpus);
    await set('cpuset mems', 'cpuset.mems', cpusetMems);
    return unset;
  },
};
