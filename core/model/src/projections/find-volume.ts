import { ShiplogError, type VolumeRecord } from '@shiplog/contracts';

/** The volume of this name. Throws VOLUME_NOT_FOUND. */
export function findVolume(volumes: ReadonlyMap<string, VolumeRecord>, name: string): VolumeRecord {
  const found = volumes.get(name);
  if (found === undefined) throw new ShiplogError('VOLUME_NOT_FOUND', `get ${name}: no such volume`, { volume: name });
  return found;
}
