import { writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

/** CPU time by weight and by quota (kernel: scheduler/sched-bwc). 0 sets nothing, as in Docker's API. */
export const cpu: CgroupController = {
  name: 'cpu',
  limits: ['cpuShares', 'cpuPeriodUs', 'cpuQuotaUs'],
  async setLimits(directory, { cpuShares = 0, cpuPeriodUs = 0, cpuQuotaUs = 0 }) {
    const unset: string[] = [];
    const set = async (limit: string, file: string, value: number): Promise<void> => {
      if (value !== 0) unset.push(...(await attemptLimit(limit, () => writeControl(`${directory}/${file}`, value))));
    };
    await set('cpu shares', 'cpu.shares', cpuShares);
    await set('cpu period', 'cpu.cfs_period_us', cpuPeriodUs);
    await set('cpu quota', 'cpu.cfs_quota_us', cpuQuotaUs);
    return unset;
  },
};
