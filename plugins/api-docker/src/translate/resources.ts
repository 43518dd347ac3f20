import type { DeviceSpec, ResourceLimits } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { invalid, refuseFields } from './refusals.ts';

const MINIMUM_MEMORY = 6 * 1024 * 1024;
const CPU_PERIOD_US = 100_000;

/**
 * HostConfig's limits. What does not fit together throws SPEC_INVALID, with Docker's words where clients know them. `update`: others
 * are there already, so a limit of swap may come without one of memory, and one of memory brings none of swap along.
 * `hostCpus`: how many there are; more is refused, as in Docker.
 */
export function resourcesOf(hostConfig: Fields, { update = false, hostCpus = Infinity } = {}): ResourceLimits {
  refuseFields(hostConfig, ['CpuRealtimePeriod', 'CpuRealtimeRuntime', 'BlkioWeightDevice', 'DeviceCgroupRules', 'DeviceRequests']);
  const io = ioOf(hostConfig);
  return present({
    ...memoryOf(hostConfig, update),
    ...cpuOf(hostConfig, hostCpus),
    pids: positive(hostConfig.integer('PidsLimit')),
    ioWeight: ioWeightOf(hostConfig.integer('BlkioWeight')),
    io: io.length === 0 ? undefined : io,
  });
}

/** HostConfig.Devices. */
export function devicesOf(hostConfig: Fields): readonly DeviceSpec[] {
  return hostConfig.objects('Devices').map((device) => {
    const hostPath = device.string('PathOnHost');
    const permissions = device.string('CgroupPermissions') || 'rwm';
    if (!hostPath.startsWith('/')) throw invalid(`invalid device: "${hostPath}" is not an absolute path`);
    if (!/^[rwm]{1,3}$/.test(permissions)) throw invalid(`invalid device mode: ${permissions}`);
    return { hostPath, containerPath: device.string('PathInContainer') || hostPath, permissions };
  });
}

/** HostConfig.Ulimits; -1 is no limit. */
export function ulimitsOf(hostConfig: Fields): readonly { readonly name: string; readonly soft: number; readonly hard: number }[] {
  return hostConfig.objects('Ulimits').map((ulimit) => {
    const name = ulimit.string('Name');
    const soft = ulimit.integer('Soft');
    const hard = ulimit.integer('Hard');
    if (!/^[a-z]+$/.test(name)) throw invalid(`invalid ulimit type: ${name}`);
    if (hard !== -1 && (soft > hard || soft === -1))
      throw invalid(`ulimit soft limit must be less than or equal to hard limit: ${soft} > ${hard}`);
    return { name, soft, hard };
  });
}

function memoryOf(hostConfig: Fields, update: boolean): ResourceLimits {
  const memory = hostConfig.integer('Memory');
  const swap = hostConfig.integer('MemorySwap');
  const reservation = hostConfig.integer('MemoryReservation');
  const swappiness = hostConfig.maybeInteger('MemorySwappiness') ?? -1;
  if (memory < 0 || (memory > 0 && memory < MINIMUM_MEMORY)) throw invalid('Minimum memory limit allowed is 6MB');
  if (swap > 0 && memory === 0 && !update) throw invalid('You should always set the Memory limit when using Memoryswap limit, see usage');
  if (swap > 0 && swap < memory) throw invalid('Minimum memoryswap limit should be larger than memory limit, see usage');
  if (reservation > 0 && reservation < MINIMUM_MEMORY) throw invalid('Minimum memory reservation allowed is 6MB');
  if (reservation > 0 && memory > 0 && reservation > memory) {
    throw invalid('Minimum memory limit can not be less than memory reservation limit, see usage');
  }
  if (swappiness < -1 || swappiness > 100) throw invalid(`Invalid value: ${swappiness}, valid memory swappiness range is 0-100`);
  return present({
    memoryBytes: positive(memory),
    memoryReservationBytes: positive(reservation),
    // A memory limit alone allows as much swap again.
    memorySwapBytes: swap !== 0 ? swap : update ? undefined : positive(memory * 2),
    memorySwappiness: swappiness === -1 ? undefined : swappiness,
    oomKillDisable: hostConfig.boolean('OomKillDisable') || undefined,
  });
}

function cpuOf(hostConfig: Fields, hostCpus: number): ResourceLimits {
  const nano = hostConfig.integer('NanoCpus');
  const period = hostConfig.integer('CpuPeriod');
  const quota = hostConfig.integer('CpuQuota');
  const shares = hostConfig.integer('CpuShares');
  if (nano > 0 && period > 0) throw invalid('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (nano > 0 && quota > 0) throw invalid('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
  if (nano < 0 || nano > hostCpus * 1e9)
    throw invalid(`range of CPUs is from 0.01 to ${hostCpus}.00, as there are only ${hostCpus} CPUs available`);
  if (period !== 0 && (period < 1000 || period > 1_000_000))
    throw invalid('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (quota > 0 && quota < 1000) throw invalid('CPU cfs quota can not be less than 1ms (i.e. 1000)');
  if (shares < 0) throw invalid(`invalid CPU shares (${shares}): value must be a positive integer`);
  return present({
    cpuShares: positive(shares),
    cpuQuotaUs: nano > 0 ? Math.round((nano * CPU_PERIOD_US) / 1e9) : positive(quota),
    cpuPeriodUs: nano > 0 ? CPU_PERIOD_US : positive(period),
    cpusetCpus: cpuset(hostConfig.string('CpusetCpus'), 'cpuset cpus'),
    cpusetMems: cpuset(hostConfig.string('CpusetMems'), 'cpuset mems'),
  });
}

function cpuset(text: string, what: string): string | undefined {
  if (text === '') return undefined;
  if (!/^\d+(-\d+)?(,\d+(-\d+)?)*$/.test(text)) throw invalid(`Invalid value ${text} for ${what}`);
  return text;
}

function ioWeightOf(weight: number): number | undefined {
  if (weight !== 0 && (weight < 10 || weight > 1000)) throw invalid('Range of blkio weight is from 10 to 1000');
  return positive(weight);
}

type IoLimit = NonNullable<ResourceLimits['io']>[number];

function ioOf(hostConfig: Fields): readonly IoLimit[] {
  const limits = new Map<string, IoLimit>();
  const fields = [
    ['BlkioDeviceReadBps', 'readBps'],
    ['BlkioDeviceWriteBps', 'writeBps'],
    ['BlkioDeviceReadIOps', 'readIops'],
    ['BlkioDeviceWriteIOps', 'writeIops'],
  ] as const;
  for (const [field, limit] of fields) {
    for (const entry of hostConfig.objects(field)) {
      const device = entry.string('Path');
      limits.set(device, { ...(limits.get(device) ?? { device }), [limit]: entry.integer('Rate') });
    }
  }
  return [...limits.values()];
}

function positive(value: number): number | undefined {
  return value > 0 ? value : undefined;
}

function present(limits: { readonly [K in keyof ResourceLimits]: ResourceLimits[K] | undefined }): ResourceLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}
