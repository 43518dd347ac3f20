import type { ContainerSpec, ImageRunConfig } from '@shiplog/contracts';
import { mergeEnv } from './environment.ts';

/** The configuration of an image that a container would be made from anew: its own over its image's (moby, `merge`). `env` are its own variables. */
export function imageConfigOf(spec: ContainerSpec, image: ImageRunConfig, env: readonly string[]): ImageRunConfig {
  const ports = { ...image.ExposedPorts, ...setOf(spec.exposedPorts) };
  const anonymous = spec.mounts.flatMap((mount) => (mount.type === 'volume' && mount.anonymous === true ? [mount.target] : []));
  const volumes = { ...image.Volumes, ...setOf(anonymous) };
  const labels = { ...image.Labels, ...spec.labels };
  const user = spec.user === '' ? image.User : spec.user;
  const directory = spec.workingDir === '' ? image.WorkingDir : spec.workingDir;
  const merged = mergeEnv(image.Env ?? [], env);
  const stopSignal = spec.stopSignal ?? image.StopSignal;
  const healthcheck = healthcheckOf(spec, image);
  const shell = (spec.shell ?? []).length > 0 ? spec.shell : image.Shell;
  return {
    ...(user === undefined ? {} : { User: user }),
    ...(Object.keys(ports).length === 0 ? {} : { ExposedPorts: ports }),
    ...(merged.length === 0 ? {} : { Env: merged }),
    ...commandOf(spec, image),
    ...(Object.keys(volumes).length === 0 ? {} : { Volumes: volumes }),
    ...(directory === undefined ? {} : { WorkingDir: directory }),
    ...(Object.keys(labels).length === 0 ? {} : { Labels: labels }),
    ...(stopSignal === undefined ? {} : { StopSignal: stopSignal }),
    ...(spec.stopTimeout === undefined ? {} : { StopTimeout: spec.stopTimeout }),
    ...(shell === undefined || shell.length === 0 ? {} : { Shell: shell }),
    ...(healthcheck === undefined ? {} : { Healthcheck: healthcheck }),
  };
}

/** An entrypoint of its own drops the image's arguments; `['']` is none. */
function commandOf({ entrypoint, cmd }: ContainerSpec, image: ImageRunConfig): Pick<ImageRunConfig, 'Entrypoint' | 'Cmd'> {
  const own = entrypoint !== undefined && entrypoint.length > 0;
  const first = own ? entrypoint.filter((word, at) => word !== '' || at > 0) : (entrypoint ?? image.Entrypoint);
  const rest = own ? cmd : (cmd ?? image.Cmd);
  return {
    ...(first === undefined || first === null || first.length === 0 ? {} : { Entrypoint: first }),
    ...(rest === undefined || rest === null ? {} : { Cmd: rest }),
  };
}

function healthcheckOf({ healthcheck }: ContainerSpec, { Healthcheck: inherited }: ImageRunConfig): ImageRunConfig['Healthcheck'] {
  if (healthcheck === undefined) return inherited;
  const { test, interval, timeout, startPeriod, startInterval, retries } = healthcheck;
  return {
    ...inherited,
    ...(test === undefined || test.length === 0 ? {} : { Test: test }),
    ...(interval ? { Interval: interval } : {}),
    ...(timeout ? { Timeout: timeout } : {}),
    ...(startPeriod ? { StartPeriod: startPeriod } : {}),
    ...(startInterval ? { StartInterval: startInterval } : {}),
    ...(retries ? { Retries: retries } : {}),
  };
}

function setOf(names: readonly string[]): { readonly [name: string]: object } {
  return Object.fromEntries(names.map((name) => [name, {}]));
}
