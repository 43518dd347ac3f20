import type { ContainerRecord, ContainerSpec, Healthcheck, ImageRunConfig, StateView } from '@shiplog/contracts';

const SECOND = 1_000_000_000;

/** What is run to see whether a container is well: its own wish, else its image's, else Docker's defaults. Undefined where nothing is. */
export function healthcheckOf(
  { healthcheck: own = {}, shell: ownShell = [] }: Pick<ContainerSpec, 'healthcheck' | 'shell'>,
  image: ImageRunConfig = {},
): Healthcheck | undefined {
  const { Healthcheck: inherited = {}, Shell = ['/bin/sh', '-c'] } = image;
  const shell = ownShell.length > 0 ? ownShell : Shell;
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

/** What a start decides of a container's health check: nothing where it has none. */
export function healthcheckToRun(view: StateView, { spec, imageId }: ContainerRecord): { readonly healthcheck?: Healthcheck } {
  const healthcheck = healthcheckOf(spec, view.images.get(imageId)?.config);
  return healthcheck === undefined ? {} : { healthcheck };
}
