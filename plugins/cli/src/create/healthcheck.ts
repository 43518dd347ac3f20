import { durationNanos } from '@shiplog/contracts/moment';
import type { CreateRequest } from '@shiplog/client';
import { UsageError } from '../cli-error.ts';
import type { Flags } from '../verb.ts';
import { compact } from './compact.ts';
import type { HEALTH_OPTIONS } from './health-options.ts';
import { maybeInteger } from './size.ts';

/** The health check that flags ask for; undefined where the image's holds. What nobody set is left to the image. Throws UsageError. */
export function healthcheck(flags: Flags<typeof HEALTH_OPTIONS>): CreateRequest['Healthcheck'] {
  const command = flags['health-cmd'] ?? '';
  const asked = compact({
    Test: command === '' ? undefined : ['CMD-SHELL', command],
    Interval: duration('--health-interval', flags['health-interval']),
    Timeout: duration('--health-timeout', flags['health-timeout']),
    Retries: retries(flags['health-retries']),
    StartPeriod: duration('--health-start-period', flags['health-start-period']),
    StartInterval: duration('--health-start-interval', flags['health-start-interval']),
  });
  const nothing = Object.keys(asked).length === 0;
  if (!flags['no-healthcheck']) return nothing ? undefined : asked;
  if (!nothing) throw new UsageError('--no-healthcheck and --health-* contradict each other', 'leave one of them out');
  return { Test: ['NONE'] };
}

/** Nanoseconds; none for 0, which leaves it to the image. */
function duration(flag: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (text.startsWith('-')) throw new UsageError(`${flag} cannot be negative`);
  const nanos = /^0+$/.test(text) ? 0n : durationNanos(text);
  if (nanos === undefined) throw new UsageError(`${flag} "${text}" is no duration`, 'give a number with ms, s, m or h: 1m30s');
  return Number(nanos) || undefined;
}

function retries(text: string | undefined): number | undefined {
  const count = maybeInteger('--health-retries', text);
  if (count !== undefined && count < 0) throw new UsageError('--health-retries cannot be negative');
  return count || undefined;
}
