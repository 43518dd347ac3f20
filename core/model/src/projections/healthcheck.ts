import type { ContainerSpec, ImageRunConfig } from '@shiplog/contracts';

/** A health check with nothing left open. Times in milliseconds. */
export interface Healthcheck {
  readonly command: readonly string[];
  readonly intervalMs: number;
  readonly timeoutMs: number;
  readonly startPeriodMs: number;
  readonly startIntervalMs: number;
  /** So many failures in a row are too many. */
  readonly retries: number;
}

const SECOND = 1_000_000_000;

/** What is run to see whether a container is well: its own wish, else its image's, else Docker's defaults. Undefined where nothing is. */
export function healthcheckOf(
  { healthcheck: own = {} }: Pick<ContainerSpec, 'healthcheck'>,
  image: ImageRunConfig = {},
): Healthcheck | undefined {
  const { Healthcheck: inherited = {}, Shell: shell = ['/bin/sh', '-c'] } = image;
  const [how, ...words] = own.test !== undefined && own.test.length > 0 ? own.test : (inherited.Test ?? []);
  if (how !== 'CMD' && how !== 'CMD-SHELL') return undefined;
  const ms = (mine: number | undefined, images: number | undefined, otherwise: number): number => (mine || images || otherwise) / 1_000_000;
  return {
    command: how === 'CMD' ? words : [...shell, ...words],
    intervalMs: ms(own.interval, inherited.Interval, 30 * SECOND),
    timeoutMs: ms(own.timeout, inherited.Timeout, 30 * SECOND),
    startPeriodMs: ms(own.startPeriod, inherited.StartPeriod, 0),
    startIntervalMs: ms(own.startInterval, inherited.StartInterval, 5 * SECOND),
    retries: own.retries || inherited.Retries || 3,
  };
}
