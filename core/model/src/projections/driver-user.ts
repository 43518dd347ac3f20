import type { StateView } from '@shiplog/contracts';

/** Something that relies on a driver, for people; undefined if nothing does. */
export function driverUser(view: StateView, kind: string, driver: string): string | undefined {
  for (const { name, storageDriver, runtime, logDriver } of view.containers.values()) {
    if (
      (kind === 'storage' && storageDriver === driver) ||
      (kind === 'runtime' && runtime === driver) ||
      (kind === 'log' && logDriver === driver)
    )
      return `container ${name}`;
  }
  if (kind === 'storage')
    for (const image of view.images.values()) if (image.storageDriver === driver) return `image ${image.tags[0] ?? image.id}`;
  if (kind === 'network') for (const network of view.networks.values()) if (network.driver === driver) return `network ${network.name}`;
  if (kind === 'volume') for (const volume of view.volumes.values()) if (volume.driver === driver) return `volume ${volume.name}`;
  return undefined;
}
