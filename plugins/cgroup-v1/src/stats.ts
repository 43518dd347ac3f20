import type { CgroupDriver } from '@shiplog/contracts';
import { readControl, readControlNumber, readControlTable } from '@shiplog/driver-kit';

type Stats = Awaited<ReturnType<CgroupDriver['stats']>>;

/** What the kernel shows without a limit is the largest whole page count; no host has a petabyte. */
const UNLIMITED = 2 ** 50;

/** One sample of a group; a limit of 0 is none. `directoryOf` answers where the group is in a controller's hierarchy. */
export async function sample(directoryOf: (controller: string) => string | undefined): Promise<Stats> {
  // Where a controller is not mounted there is no file, and the number is 0.
  const at = (controller: string, file: string): string => `${directoryOf(controller) ?? ''}/${file}`;
  const [pidsNow, pidsMax, usage, each, user, system, throttling, memory, peak, limit, hits, swapHits, detail, oom, bytes, requests] =
    await Promise.all([
      readControlNumber(at('pids', 'pids.current')),
      readControlNumber(at('pids', 'pids.max')),
      readControlNumber(at('cpuacct', 'cpuacct.usage')),
      readControl(at('cpuacct', 'cpuacct.usage_percpu')),
      readControlNumber(at('cpuacct', 'cpuacct.usage_user')),
      readControlNumber(at('cpuacct', 'cpuacct.usage_sys')),
      readControlTable(at('cpu', 'cpu.stat')),
      readControlNumber(at('memory', 'memory.usage_in_bytes')),
      readControlNumber(at('memory', 'memory.max_usage_in_bytes')),
      readControlNumber(at('memory', 'memory.limit_in_bytes')),
      readControlNumber(at('memory', 'memory.failcnt')),
      readControlNumber(at('memory', 'memory.memsw.failcnt')),
      readControlTable(at('memory', 'memory.stat')),
      readControlTable(at('memory', 'memory.oom_control')),
      readControl(at('blkio', 'blkio.throttle.io_service_bytes_recursive')),
      readControl(at('blkio', 'blkio.throttle.io_serviced_recursive')),
    ]);
  return {
    pids: { current: pidsNow, limit: pidsMax },
    cpu: {
      usageNs: usage,
      userNs: user,
      systemNs: system,
      ...(each.trim() === '' ? {} : { perCpuNs: each.trim().split(/\s+/).map(Number) }),
      periods: throttling.nr_periods ?? 0,
      throttledPeriods: throttling.nr_throttled ?? 0,
      throttledNs: throttling.throttled_time ?? 0,
    },
    memory: {
      usageBytes: memory,
      maxUsageBytes: peak,
      limitBytes: limit > UNLIMITED ? 0 : limit,
      inactiveFileBytes: detail.total_inactive_file ?? 0,
      oomKills: oom.oom_kill ?? 0,
      // Whichever of the two limits is met first counts.
      limitHits: hits + swapHits,
      detail: { ...detail },
    },
    io: ioTable(bytes, requests),
  };
}

/** Joins two tables of `major:minor Read|Write number` lines. */
function ioTable(bytes: string, requests: string): Stats['io'] {
  const rows = new Map<string, Stats['io'][number]>();
  const fill = (text: string, read: 'readBytes' | 'reads', write: 'writeBytes' | 'writes'): void => {
    for (const line of text.split('\n')) {
      const [device, what, value] = line.split(' ');
      const [major, minor] = (device ?? '').split(':').map(Number);
      if (value === undefined || major === undefined || minor === undefined || (what !== 'Read' && what !== 'Write')) continue;
      const row = rows.get(device ?? '') ?? { major, minor, readBytes: 0, writeBytes: 0, reads: 0, writes: 0 };
      rows.set(device ?? '', { ...row, [what === 'Read' ? read : write]: Number(value) });
    }
  };
  fill(bytes, 'readBytes', 'writeBytes');
  fill(requests, 'reads', 'writes');
  return [...rows.values()];
}
