import type { ContainerSpec, ImageRecord } from '@shiplog/contracts';

type Labels = { readonly [label: string]: string };

/** A container's labels: its own over its image's. */
export function labelsOf(spec: Pick<ContainerSpec, 'labels'>, image: Pick<ImageRecord, 'config'> | undefined): Labels {
  return { ...image?.config.Labels, ...spec.labels };
}

/** Who a container's programs run as: as it says, or as its image does; '' for nobody in particular. */
export function userOf(spec: Pick<ContainerSpec, 'user'>, image: Pick<ImageRecord, 'config'> | undefined): string {
  return spec.user === '' ? (image?.config.User ?? '') : spec.user;
}

/** A container's environment: its own entries over its image's, by name. */
export function mergeEnv(imageEnv: readonly string[], own: readonly string[]): readonly string[] {
  const names = new Set(own.map(nameOf));
  return [...own, ...imageEnv.filter((entry) => !names.has(nameOf(entry)))];
}

function nameOf(entry: string): string {
  return entry.replace(/=.*/s, '');
}
