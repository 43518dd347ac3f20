import type { ContainerStats } from '@shiplog/client';
import { formatBytes, formatMemory } from '../format/bytes.ts';
import type { Row } from '../format/print-list.ts';

/** What a container uses, as `docker stats` shows it: CPU since the sample before, memory without the page cache that can go. */
export function usageRow(asked: string | undefined, stats: ContainerStats, whole: boolean): Row {
  const { usage = 0, limit = 0, stats: detail = {} } = stats.memory_stats;
  const memory = withoutCache(usage, detail);
  const traffic = Object.values(stats.networks ?? {});
  const id = whole ? stats.id : stats.id.slice(0, 12);
  return {
    Container: asked ?? id,
    ID: id,
    Name: stats.name.replace(/^\//, ''),
    CPUPerc: `${cpuPercent(stats).toFixed(2)}%`,
    MemUsage: `${formatMemory(memory)} / ${formatMemory(limit)}`,
    MemPerc: `${(limit === 0 ? 0 : (memory / limit) * 100).toFixed(2)}%`,
    NetIO: `${formatBytes(sum(traffic.map((one) => one.rx_bytes)))} / ${formatBytes(sum(traffic.map((one) => one.tx_bytes)))}`,
    BlockIO: `${formatBytes(blockBytes(stats, 'read'))} / ${formatBytes(blockBytes(stats, 'write'))}`,
    PIDs: String(stats.pids_stats.current ?? 0),
  };
}

/** A hundred is one CPU. */
function cpuPercent({ cpu_stats: now, precpu_stats: before }: ContainerStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const all = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return used > 0 && all > 0 ? (used / all) * (now.online_cpus ?? 1) * 100 : 0;
}

/** On version 1 of cgroups the name of all below the group, on version 2 there is only that. */
function withoutCache(usage: number, detail: { readonly [name: string]: number }): number {
  const cache = detail['total_inactive_file'] ?? detail['inactive_file'] ?? 0;
  return cache < usage ? usage - cache : usage;
}

function blockBytes(stats: ContainerStats, op: string): number {
  return sum((stats.blkio_stats.io_service_bytes_recursive ?? []).filter((row) => row.op === op).map(({ value }) => value));
}

function sum(values: readonly number[]): number {
  return values.reduce((all, value) => all + value, 0);
}
