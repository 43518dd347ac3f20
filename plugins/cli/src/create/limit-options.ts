import { defineOptions } from '../verb.ts';

/** Limits that a container begins with, and that can be changed while it runs. */
export const LIMIT_OPTIONS = defineOptions({
  memory: { type: 'text', short: 'm', value: 'BYTES', help: 'Memory limit' },
  'memory-reservation': { type: 'text', value: 'BYTES', help: 'Memory soft limit' },
  'memory-swap': { type: 'text', value: 'BYTES', help: 'Memory and swap together; -1 for unlimited swap' },
  cpus: { type: 'text', value: 'DECIMAL', help: 'CPUs it may use' },
  'cpu-shares': { type: 'text', short: 'c', value: 'WEIGHT', help: 'CPU weight; 1024 is usual' },
  'cpu-period': { type: 'text', value: 'MICROSECONDS', help: 'Period of the CPU quota' },
  'cpu-quota': { type: 'text', value: 'MICROSECONDS', help: 'CPU time in each period' },
  'cpuset-cpus': { type: 'text', value: 'LIST', help: 'CPUs it runs on (0-3, 0,1)' },
  'cpuset-mems': { type: 'text', value: 'LIST', help: 'Memory nodes it uses (0-3, 0,1)' },
  'blkio-weight': { type: 'text', value: 'WEIGHT', help: 'Block I/O weight, from 10 to 1000' },
  'pids-limit': { type: 'text', value: 'N', help: 'Processes it may have; -1 for unlimited' },
  restart: {
    type: 'text',
    value: 'POLICY',
    help: 'no, always, unless-stopped or on-failure[:N]',
    complete: ['no', 'always', 'unless-stopped', 'on-failure'],
  },
});
