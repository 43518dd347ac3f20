import type { ContainerUsage } from '@shiplog/contracts';
import { rfc3339 } from './time.ts';

/** Docker's stats object. `now` is undefined of a container that does not run, `before` of a first sample: all is zero there. */
export function statsOf(
  container: { readonly id: string; readonly name: string },
  now: ContainerUsage | undefined,
  before: ContainerUsage | undefined,
): object {
  return {
    read: rfc3339(now?.at ?? ''),
    preread: rfc3339(before?.at ?? ''),
    pids_stats: now === undefined ? {} : pidsOf(now),
    blkio_stats: blkioOf(now),
    num_procs: 0,
    storage_stats: {},
    cpu_stats: cpuOf(now),
    precpu_stats: cpuOf(before),
    memory_stats: now === undefined ? {} : memoryOf(now),
    name: `/${container.name}`,
    id: container.id,
    ...(now === undefined || now.interfaces.length === 0 ? {} : { networks: networksOf(now) }),
  };
}

function pidsOf({ cgroup: { pids } }: ContainerUsage): object {
  return { current: pids.current, ...(pids.limit === 0 ? {} : { limit: pids.limit }) };
}

function cpuOf(sample: ContainerUsage | undefined): object {
  const cpu = sample?.cgroup.cpu;
  return {
    cpu_usage: {
      total_usage: cpu?.usageNs ?? 0,
      ...(cpu?.perCpuNs === undefined ? {} : { percpu_usage: cpu.perCpuNs }),
      usage_in_kernelmode: cpu?.systemNs ?? 0,
      usage_in_usermode: cpu?.userNs ?? 0,
    },
    ...(sample === undefined ? {} : { system_cpu_usage: sample.host.cpuNs, online_cpus: sample.host.cpus }),
    throttling_data: {
      periods: cpu?.periods ?? 0,
      throttled_periods: cpu?.throttledPeriods ?? 0,
      throttled_time: cpu?.throttledNs ?? 0,
    },
    ...psiOf(sample?.cgroup.pressure?.cpu),
  };
}

/** Without a limit it is the host's memory, as clients divide by it. */
function memoryOf({ cgroup: { memory, pressure }, host }: ContainerUsage): object {
  return {
    usage: memory.usageBytes,
    max_usage: memory.maxUsageBytes,
    stats: memory.detail,
    failcnt: memory.limitHits ?? 0,
    ...psiOf(pressure?.memory),
    limit: memory.limitBytes === 0 ? host.memoryBytes : Math.min(memory.limitBytes, host.memoryBytes),
  };
}

function blkioOf(sample: ContainerUsage | undefined): object {
  const rows = (read: 'readBytes' | 'reads', write: 'writeBytes' | 'writes'): readonly object[] =>
    (sample?.cgroup.io ?? []).flatMap((row) => [
      { major: row.major, minor: row.minor, op: 'read', value: row[read] },
      { major: row.major, minor: row.minor, op: 'write', value: row[write] },
    ]);
  return {
    io_service_bytes_recursive: rows('readBytes', 'writeBytes'),
    io_serviced_recursive: rows('reads', 'writes'),
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
    ...psiOf(sample?.cgroup.pressure?.io),
  };
}

/** Docker has no words for pressure: these are runc's, of `runc events --stats`. */
function psiOf(pressure: { readonly some: Stalled; readonly full?: Stalled } | undefined): object {
  if (pressure === undefined) return {};
  const of = ({ avg10, avg60, avg300, totalUs }: Stalled): object => ({ avg10, avg60, avg300, total: totalUs });
  return { psi: { some: of(pressure.some), ...(pressure.full === undefined ? {} : { full: of(pressure.full) }) } };
}

type Stalled = NonNullable<NonNullable<ContainerUsage['cgroup']['pressure']>['cpu']>['some'];

function networksOf({ interfaces }: ContainerUsage): object {
  const of = (name: 'rx' | 'tx', { bytes, packets, errors, dropped }: ContainerUsage['interfaces'][number]['receive']): object => ({
    [`${name}_bytes`]: bytes,
    [`${name}_packets`]: packets,
    [`${name}_errors`]: errors,
    [`${name}_dropped`]: dropped,
  });
  return Object.fromEntries(interfaces.map(({ name, receive, transmit }) => [name, { ...of('rx', receive), ...of('tx', transmit) }]));
}
