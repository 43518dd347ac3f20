import type { ContainerRecord, ContainerSpec, HealthcheckSpec, ImageHealthcheck } from '@shiplog/contracts';
import type { Fields } from '../http/fields.ts';

/** Healthcheck of a create body; undefined where nothing is asked. */
export function healthcheckOf(body: Fields): HealthcheckSpec | undefined {
  if (!body.asks('Healthcheck')) return undefined;
  const fields = body.object('Healthcheck');
  const test = fields.strings('Test');
  const asked: [keyof HealthcheckSpec, string][] = [
    ['interval', 'Interval'],
    ['timeout', 'Timeout'],
    ['startPeriod', 'StartPeriod'],
    ['startInterval', 'StartInterval'],
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

/** State.Health. What probes printed is not kept: Log is empty. */
export function healthState({ health }: Pick<ContainerRecord, 'health'>): { readonly Health?: object } {
  return health === undefined ? {} : { Health: { Status: health.status, FailingStreak: health.failingStreak, Log: [] } };
}
