import type { HostUsage, InterfaceTraffic } from '@shiplog/contracts';

/** How the kernel counts time there (proc(5), sysconf(_SC_CLK_TCK)): 100 on every architecture that Node runs on. */
const NS_PER_TICK = 1e7;
/** user, nice, system, idle, iowait, irq, softirq: as Docker adds them up. Guests' time is in user already. */
const TIMES = 7;

/** From the texts of /proc/stat and /proc/meminfo (proc(5)). */
export function hostUsage(stat: string, meminfo: string): HostUsage {
  const [all = '', ...rest] = stat.split('\n').filter((line) => line.startsWith('cpu'));
  const ticks = all
    .trim()
    .split(/\s+/)
    .slice(1, 1 + TIMES)
    .map(Number);
  const memoryKiB = Number(/^MemTotal:\s+(\d+) kB$/m.exec(meminfo)?.[1] ?? 0);
  return { cpuNs: ticks.reduce((sum, each) => sum + each, 0) * NS_PER_TICK, cpus: rest.length, memoryBytes: memoryKiB * 1024 };
}

/** From the text of /proc/PID/net/dev (proc(5)), loopback left out. */
export function trafficOf(dev: string): readonly InterfaceTraffic[] {
  return dev.split('\n').flatMap((line) => {
    const [, name, numbers = ''] = /^\s*(\S+):\s*(.+)$/.exec(line) ?? [];
    if (name === undefined || name === 'lo') return [];
    const at = numbers.trim().split(/\s+/).map(Number);
    const counters = (first: number) => ({
      bytes: at[first] ?? 0,
      packets: at[first + 1] ?? 0,
      errors: at[first + 2] ?? 0,
      dropped: at[first + 3] ?? 0,
    });
    return [{ name, receive: counters(0), transmit: counters(8) }];
  });
}
