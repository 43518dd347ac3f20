import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';

/** The least memory a container can live with, as in Docker: 6 MiB. */
const MINIMUM_MEMORY = 6 * 1024 * 1024;

/** Refuses SPEC_INVALID for limits that contradict each other or that no kernel takes. */
export function checkResources(limits: ResourceLimits): void {
  checkMemory(limits);
  checkCpu(limits);
  const { ioWeight, pids, io } = limits;
  if (ioWeight !== undefined && ioWeight !== 0 && (ioWeight < 10 || ioWeight > 1000)) {
    refuse('Range of blkio weight is from 10 to 1000', { ioWeight });
  }
  if (pids !== undefined && (!Number.isInteger(pids) || pids < -1)) refuse(`invalid pids limit ${pids}: give -1 or more`, { pids });
  for (const { device } of io ?? []) if (!device.startsWith('/')) refuse(`invalid device ${device}: the path must be absolute`, { device });
}

function checkMemory(limits: ResourceLimits): void {
  const { memoryReservationBytes: reservation = 0, memorySwapBytes: swap = 0, memorySwappiness: swappiness = -1 } = limits;
  const memory = limits.memoryBytes ?? 0;
  if (memory !== 0 && memory < MINIMUM_MEMORY) refuse('Minimum memory limit allowed is 6MB', { memory });
  if (memory === 0 && swap > 0) refuse('You should always set the Memory limit when using Memoryswap limit', { swap });
  if (swap > 0 && swap < memory) refuse('Minimum memoryswap limit should be larger than memory limit', { memory, swap });
  if (swap < -1) refuse(`invalid memoryswap limit ${swap}: give -1 for unlimited swap`, { swap });
  if (reservation !== 0 && reservation < MINIMUM_MEMORY) refuse('Minimum memory reservation allowed is 6MB', { reservation });
  if (memory > 0 && reservation > memory) {
    refuse('Minimum memory limit can not be less than memory reservation limit', { memory, reservation });
  }
  if (swappiness < -1 || swappiness > 100) refuse(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`, { swappiness });
}

function checkCpu(limits: ResourceLimits): void {
  const { cpuPeriodUs: period = 0, cpuQuotaUs: quota = 0, cpuShares: shares = 0, cpusetCpus = '', cpusetMems = '' } = limits;
  if (period !== 0 && (period < 1000 || period > 1_000_000)) {
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)', { period });
  }
  if (quota > 0 && quota < 1000) refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)', { quota });
  if (shares < 0) refuse(`invalid CPU shares (${shares}): value must be a positive integer`, { shares });
  if (!isCpuList(cpusetCpus)) refuse(`Invalid value ${cpusetCpus} for cpuset cpus`, { cpusetCpus });
  if (!isCpuList(cpusetMems)) refuse(`Invalid value ${cpusetMems} for cpuset mems`, { cpusetMems });
}

/** `0-3,7`: numbers and ascending ranges (cpuset(7), list format); nothing is a list too. */
function isCpuList(text: string): boolean {
  return (
    text === '' ||
    text.split(',').every((item) => {
      const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(item);
      return match !== null && Number(match[1]) <= Number(match[2] ?? match[1]);
    })
  );
}

function refuse(message: string, facts: { readonly [fact: string]: string | number }): never {
  throw new ShiplogError('SPEC_INVALID', message, facts);
}
