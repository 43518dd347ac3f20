import { tmpdir } from 'node:os';
import type { StorageDriver } from '@shiplog/contracts';
import { driverLab, type Proven } from '../driver-lab.ts';
import type { StorageFixture } from './lab.ts';

export interface DriverFixtureOptions {
  /** Where its directories are made; the system's temporary directory if absent. */
  readonly below?: string;
  /** Stands in for each instance of the driver, for wrong drivers. */
  readonly instead?: (right: StorageDriver, stateDir: string) => StorageDriver;
}

/** A fixture of a plugin's storage driver, on private directories. */
export async function driverFixture(
  proven: Proven,
  name: string,
  { below = tmpdir(), instead = (right) => right }: DriverFixtureOptions = {},
): Promise<StorageFixture> {
  const lab = await driverLab(proven, 'storage', name, below);
  const make = async (): Promise<StorageDriver> => instead(await lab.make(), lab.stateDir);
  return { ...lab, driver: await make(), kernel: proven.kernel, restart: make };
}
