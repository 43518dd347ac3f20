import type { VolumeRecord } from '@shiplog/contracts';
import { rfc3339 } from './time.ts';

/** A volume in Docker's shape. */
export function volumeInspect(volume: VolumeRecord): object {
  return {
    CreatedAt: rfc3339(volume.createdAt),
    Driver: volume.driver,
    Labels: volume.labels,
    Mountpoint: volume.mountpoint,
    Name: volume.name,
    Options: Object.keys(volume.options).length === 0 ? null : volume.options,
    Scope: 'local',
  };
}
