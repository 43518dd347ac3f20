import { readControl, writeControl, attemptLimit, type CgroupController } from '@shiplog/driver-kit';

const DEFAULT_PERIOD_US = '100000';

/** CPU time by weight and by quota (kernel: cgroup-v2, CPU). 0 sets nothing, as in Docker's API. */
export const cpu: CgroupController = {
  name: 'cpu',
  limits: ['cpuShares', 'cpuPeriodUs', 'cpuQuotaUs'],
  async setLimits(directory, { cpuShares = 0, cpuPeriodUs = 0, cpuQuotaUs = 0 }) {
    const unset: string[] = [];
    if (cpuShares !== 0)
      unset.push(...(await attemptLimit('cpu shares', () => writeControl(`${directory}/cpu.weight`, weightOfShares(cpuShares)))));
    if (cpuPeriodUs !== 0 || cpuQuotaUs !== 0) {
      // One file has both: what is not asked for stays.
      const [quota = 'max', period = DEFAULT_PERIOD_US] = (await readControl(`${directory}/cpu.max`))
        .split(/\s+/)
        .filter((word) => word !== '');
      const nextQuota = cpuQuotaUs === 0 ? quota : cpuQuotaUs < 0 ? 'max' : cpuQuotaUs;
      const nextPeriod = cpuPeriodUs === 0 ? period : cpuPeriodUs;
      unset.push(...(await attemptLimit('cpu quota and period', () => writeControl(`${directory}/cpu.max`, `${nextQuota} ${nextPeriod}`))));
    }
    return unset;
  },
};

/** From v1's scale, 2 to 262144, to v2's, 1 to 10000: linear, as the OCI runtimes do. What is outside is clamped, as v1 does. */
export function weightOfShares(shares: number): number {
  const clamped = Math.min(Math.max(shares, 2), 262_144);
  return 1 + Math.floor(((clamped - 2) * 9999) / 262_142);
}
