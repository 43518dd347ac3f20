import { driverUser, needsLayers } from '@shiplog/model';
import type { EngineCore } from '../core.ts';

/** Drivers that may hold something here: one whose code was never needed, and that nothing in the log uses, is left alone, unless it is `besides`. */
export function driversInUse(core: EngineCore, kind: 'runtime' | 'network' | 'volume' | 'storage', besides?: string): string[] {
  const { head } = core.ledger;
  const drivers = core.parts.drivers.list().filter((driver) => driver.kind === kind && driver.probe.usable);
  return drivers
    .filter(({ name, loaded }) => loaded !== false || name === besides || driverUser(head, kind, name) !== undefined)
    .map(({ name }) => name);
}

/** Whether somebody needs layer `key` of a storage driver: an image that is there, or a container made there from one. */
export function isLayer(core: EngineCore, driver: string, key: string): boolean {
  const { head } = core.ledger;
  return head.images.values().some((image) => image.layers.some(({ chainId }) => chainId === key) && needsLayers(head, image, driver));
}
