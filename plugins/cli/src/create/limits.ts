import type { HostConfig, UpdateRequest } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import type { Flags } from '../verb.ts';
import { compact } from './compact.ts';
import { splitOnce } from './key-values.ts';
import type { LIMIT_OPTIONS } from './limit-options.ts';
import { maybeInteger, maybeSize, parseCpus, parseInteger } from './size.ts';

/** What limits ask of the engine; those that nobody set are left out. Throws UsageError. */
export function limitsOf(flags: Flags<typeof LIMIT_OPTIONS>): Omit<UpdateRequest, 'RestartPolicy'> {
  return compact({
    Memory: maybeSize('--memory', flags.memory),
    MemoryReservation: maybeSize('--memory-reservation', flags['memory-reservation']),
    MemorySwap: flags['memory-swap'] === '-1' ? -1 : maybeSize('--memory-swap', flags['memory-swap']),
    NanoCpus: flags.cpus === undefined ? undefined : parseCpus(flags.cpus),
    CpuShares: maybeInteger('--cpu-shares', flags['cpu-shares']),
    CpuPeriod: maybeInteger('--cpu-period', flags['cpu-period']),
    CpuQuota: maybeInteger('--cpu-quota', flags['cpu-quota']),
    CpusetCpus: flags['cpuset-cpus'],
    CpusetMems: flags['cpuset-mems'],
    BlkioWeight: maybeInteger('--blkio-weight', flags['blkio-weight']),
    PidsLimit: maybeInteger('--pids-limit', flags['pids-limit']),
  });
}

/** `on-failure:3` as the engine takes it; '' is no. Throws UsageError. */
export function restartPolicy(text: string): NonNullable<HostConfig['RestartPolicy']> {
  const [name, retries] = splitOnce(text === '' ? 'no' : text, ':');
  const known = ['no', 'always', 'unless-stopped', 'on-failure'].includes(name);
  if (!known || (retries !== undefined && name !== 'on-failure')) {
    throw new UsageError(`--restart "${text}" is no policy`, 'give no, always, unless-stopped, on-failure or on-failure:N');
  }
  return { Name: name, MaximumRetryCount: retries === undefined ? 0 : parseInteger('--restart on-failure', retries) };
}
