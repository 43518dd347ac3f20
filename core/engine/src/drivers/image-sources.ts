import type { DriverInfo } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';

/** Image sources that can be used here and have an ability; of them `only`, if it is named. Throws DRIVER_NOT_FOUND, DRIVER_UNAVAILABLE for that one. */
export function imageSources(drivers: Drivers, ability: 'login' | 'push' | 'tags' | undefined, only?: string): readonly DriverInfo[] {
  if (only !== undefined) drivers.get('image-source', only);
  return drivers
    .list()
    .filter(
      ({ kind, name, probe, capabilities }) =>
        kind === 'image-source' &&
        probe.usable &&
        (ability === undefined || capabilities[ability] === true) &&
        (only === undefined || name === only),
    );
}
