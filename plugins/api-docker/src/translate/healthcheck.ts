import type { ContainerRecord, ContainerSpec, HealthcheckSpec, ImageHealthcheck, ProbeResults } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';
import { type ApiVersion, atLeast } from '../http/version.ts';
import { rfc3339 } from './time.ts';

/** Healthcheck of a create body; undefined where nothing is asked. API 1.44 brought the start interval; before, Docker ignores it. */
export function healthcheckOf(body: Fields, version: ApiVersion): HealthcheckSpec | undefined {
  if (!body.asks('Healthcheck')) return undefined;
  const fields = body.object('Healthcheck');
  const test = fields.strings('Test');
  const asked: (readonly [keyof HealthcheckSpec, string])[] = [
    ['interval', 'Interval'],
    ['timeout', 'Timeout'],
    ['startPeriod', 'StartPeriod'],
    ...(atLeast(version, '1.44') ? ([['startInterval', 'StartInterval']] as const) : []),
    ['retries', 'Retries'],
  ];
  const counts = asked.map(([name, field]) => [name, fields.integer(field)] as const).filter(([, value]) => value !== 0);
  return { ...(test.length === 0 ? {} : { test }), ...Object.fromEntries(counts) };
}

/** Config.Healthcheck as it holds: the container's wishes above the image's. */
export function healthcheckConfig(
  spec: Pick<ContainerSpec, 'healthcheck'>,
  image: ImageHealthcheck | undefined,
): { readonly Healthcheck?: object } {
  const { test, interval, timeout, startPeriod, startInterval, retries } = spec.healthcheck ?? {};
  const own = {
    Test: test,
    Interval: interval,
    Timeout: timeout,
    StartPeriod: startPeriod,
    StartInterval: startInterval,
    Retries: retries,
  };
  const merged = { ...image, ...Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined)) };
  return Object.keys(merged).length === 0 ? {} : { Healthcheck: merged };
}

/** Docker's word for a container's health: one that has ended is not well (moby, container/health.go). `none` without a check. */
export function healthStatus({ health, process }: Pick<ContainerRecord, 'health' | 'process'>): string {
  if (health === undefined) return 'none';
  return process === undefined ? 'unhealthy' : health.status;
}

/** State.Health. Its Log is of this engine's probes; absent without a check. */
export function healthState(
  container: Pick<ContainerRecord, 'health' | 'process'>,
  probes: ProbeResults | undefined,
): { readonly Health?: object } {
  const { health } = container;
  if (health === undefined) return {};
  const { failingStreak, last } = probes ?? { failingStreak: health.failingStreak, last: [] };
  const log = last.map(({ start, end, exitCode, output }) => ({
    Start: rfc3339(start),
    End: rfc3339(end),
    ExitCode: exitCode,
    Output: output,
  }));
  return { Health: { Status: healthStatus(container), FailingStreak: failingStreak, Log: log } };
}
