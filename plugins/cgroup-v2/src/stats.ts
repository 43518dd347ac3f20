import type { CgroupDriver } from '@shiplog/contracts';
import { readControl, readControlNumber, readControlTable } from '@shiplog/driver-kit';
import { pressureOf } from './pressure.ts';

type Stats = Awaited<ReturnType<CgroupDriver['stats']>>;

const NS_PER_US = 1000;

/** One sample of the group at `directory`; a limit of 0 is none, and all is 0 where there is no group. */
export async function sample(directory: string): Promise<Stats> {
  const [current, limit, cpu, usage, peak, max, detail, events, io, pressure] = await Promise.all([
    readControlNumber(`${directory}/pids.current`),
    readControlNumber(`${directory}/pids.max`),
    readControlTable(`${directory}/cpu.stat`),
    readControlNumber(`${directory}/memory.current`),
    readControlNumber(`${directory}/memory.peak`),
    readControlNumber(`${directory}/memory.max`),
    readControlTable(`${directory}/memory.stat`),
    readControlTable(`${directory}/memory.events`),
    readControl(`${directory}/io.stat`),
    pressureOf(directory),
  ]);
  const ns = (name: string): number => (cpu[name] ?? 0) * NS_PER_US;
  return {
    pids: { current, limit },
    cpu: {
      usageNs: ns('usage_usec'),
      userNs: ns('user_usec'),
      systemNs: ns('system_usec'),
      periods: cpu['nr_periods'] ?? 0,
      throttledPeriods: cpu['nr_throttled'] ?? 0,
      throttledNs: ns('throttled_usec'),
    },
    memory: {
      usageBytes: usage,
      // memory.peak came with Linux 5.19. It is read before or after usage: the larger one was there.
      maxUsageBytes: Math.max(peak, usage),
      limitBytes: max,
      inactiveFileBytes: detail['inactive_file'] ?? 0,
      oomKills: events['oom_kill'] ?? 0,
      limitHits: events['max'] ?? 0,
      detail: { ...detail },
    },
    io: ioTable(io),
    ...(pressure === undefined ? {} : { pressure }),
  };
}

/** Lines of `major:minor rbytes=1 wbytes=2 rios=3 wios=4 …`. A device without numbers had no I/O. */
export function ioTable(text: string): Stats['io'] {
  return text.split('\n').flatMap((line) => {
    const [device = '', ...pairs] = line.trim().split(/\s+/);
    const [, major, minor] = /^(\d+):(\d+)$/.exec(device) ?? [];
    if (major === undefined || minor === undefined) return [];
    const values = new Map(pairs.map((pair) => [pair.split('=')[0], Number(pair.split('=')[1])] as const));
    const value = (key: string): number => values.get(key) ?? 0;
    return [
      {
        major: Number(major),
        minor: Number(minor),
        readBytes: value('rbytes'),
        writeBytes: value('wbytes'),
        reads: value('rios'),
        writes: value('wios'),
      },
    ];
  });
}
