import type { RuntimeDriver } from '@shiplog/contracts';

/** A way to be wrong, and the checks that find it out. */
export interface Wrong {
  readonly name: string;
  /** Names of checks that fail for such a driver. */
  readonly failed: RegExp;
  /** Makes a right driver wrong. */
  readonly of: (driver: RuntimeDriver) => RuntimeDriver;
}
