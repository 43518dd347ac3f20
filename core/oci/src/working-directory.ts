import { type ContainerSpec, type ImageRunConfig, ShiplogError } from '@shiplog/contracts';

/** Where a container's program starts: as asked, else as the image says, else `/`. Absolute and clean. Throws SPEC_INVALID for a relative one. */
export function workingDirectory(spec: Pick<ContainerSpec, 'workingDir'>, image: Pick<ImageRunConfig, 'WorkingDir'>): string {
  const asked = spec.workingDir === '' ? (image.WorkingDir ?? '') : spec.workingDir;
  if (asked === '') return '/';
  if (!asked.startsWith('/'))
    throw new ShiplogError('SPEC_INVALID', `the working directory '${asked}' is invalid, it needs to be an absolute path`);
  const names: string[] = [];
  for (const name of asked.split('/')) {
    if (name === '..') names.pop();
    else if (name !== '' && name !== '.') names.push(name);
  }
  return `/${names.join('/')}`;
}
