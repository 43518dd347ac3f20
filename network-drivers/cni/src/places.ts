import { isAbsolute } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import type { DriverOptions } from '@shiplog/driver-kit';

/** Where the operator keeps lists and plugins. */
export interface Places {
  readonly conflists: string;
  /** Searched in this order. */
  readonly plugins: readonly string[];
}

/** Debian's package has its plugins in the first, most others in the second. */
const PLUGINS = '/usr/lib/cni:/opt/cni/bin';
const CONFLISTS = '/etc/cni/net.d';

/** Reads the driver's options `conflist-directory` and `plugin-directories` (as in CNI_PATH). Throws CONFIG_INVALID. */
export function placesOf(options: DriverOptions): Places {
  const conflists = options['conflist-directory'] ?? CONFLISTS;
  const plugins = (options['plugin-directories'] ?? PLUGINS).split(':');
  for (const path of [conflists, ...plugins]) {
    if (!isAbsolute(path)) throw new ShiplogError('CONFIG_INVALID', `network/cni: '${path}' is no absolute path of a directory`, { path });
  }
  return { conflists, plugins };
}
