import { writeControl } from '@shiplog/driver-kit';
import { attempt, type Controller } from './controller.ts';

/** CPU time by weight and by quota (kernel: scheduler/sched-bwc). */
export const cpu: Controller = {
  name: 'cpu',
  async setLimits(directory, { cpuShares, cpuPeriodUs, cpuQuotaUs }) {
    const unset: string[] = [];
    if (cpuShares !== undefined) unset.push(...(await attempt('cpu shares', () => writeControl(`${directory}/cpu.shares`, cpuShares))));
    if (cpuPeriodUs !== undefined) unset.push(...(await attempt('cpu period', () => writeControl(`${directory}/cpu.cfs_period_us`, cpuPeriodUs))));
    if (cpuQuotaUs !== undefined) unset.push(...(await attempt('cpu quota', () => writeControl(`${directory}/cpu.cfs_quota_us`, cpuQuotaUs))));
    return unset;
  },
};
