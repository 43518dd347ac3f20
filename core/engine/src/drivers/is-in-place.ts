import type { VolumeRecord } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';

/** Whether all that a volume holds is at its mountpoint, used or not, and on this host: its driver says so, and nothing else is mounted there. */
export function isInPlace(drivers: Drivers, { driver, options }: VolumeRecord): boolean {
  const known = drivers.list().find(({ kind, name }) => kind === 'volume' && name === driver);
  return known?.capabilities['inPlace'] === true && Object.keys(options).length === 0;
}
