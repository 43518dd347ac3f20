import type { BuildStep, ImageRunConfig } from '@shiplog/contracts';
import { mergeEnv } from './environment.ts';

/** What the history of an image says of the step of a build that made it (moby, dispatchers.go): build arguments, the step, the variables it sets. */
export function createdByOf({ createdBy, buildArgs = [], env = [], arg = [] }: BuildStep): string {
  const before = buildArgs.length === 0 ? [] : [`|${buildArgs.length}`, ...buildArgs];
  return [...before, createdBy, ...env, ...arg].join(' ');
}

/** The configuration that a step makes of an image's. */
export function stepConfigOf({ env = [], config = {} }: BuildStep, image: ImageRunConfig): ImageRunConfig {
  return { ...image, ...config, ...(env.length === 0 ? {} : { Env: mergeEnv(image.Env ?? [], env) }) };
}
