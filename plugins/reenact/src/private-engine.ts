import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, DEFAULT_PLUGINS, MODULES, tearDown, VERSION } from '@shiplog/daemon';
import { compose, type DriverRegistry, type Host } from '@shiplog/plugin-host';
import { ShiplogError } from '@shiplog/contracts';
import type { Recording } from '@shiplog/replay';
import { PrivateNetworks } from './private-networks.ts';
import { makeScratch } from './scratch.ts';

/** A whole engine that shares nothing with others on this host but the kernel. */
export interface PrivateEngine {
  readonly host: Host;
  readonly root: string;
  readonly networks: PrivateNetworks;
  /** Removes all of it. */
  end(): Promise<void>;
}

export interface PrivateEngineOptions {
  /** The engine's choice if absent. */
  readonly storageDriver?: string | undefined;
  /** Beside the usual ones. */
  readonly plugins?: readonly string[] | undefined;
  /** See {@link compose}. */
  readonly bound?: ((drivers: DriverRegistry) => Promise<void>) | undefined;
}

/** Starts one that makes its own networks with the ids they had. Throws NOT_ROOT, or what keeps an engine from starting. */
export async function privateEngine(
  recording: Recording,
  { storageDriver, plugins = [], bound }: PrivateEngineOptions,
): Promise<PrivateEngine> {
  if (process.getuid?.() !== 0) throw new ShiplogError('NOT_ROOT', 'real drivers need root: run it as root, or simulate');
  const scratch = await makeScratch(storageDriver === 'btrfs');
  const { directory, root } = scratch;
  const networks = new PrivateNetworks();
  const logger = createLogger('info', (line) => appendFileSync(join(directory, 'engine.log'), line));
  try {
    const host = await compose(
      {
        root,
        run: join(directory, 'run'),
        ...(storageDriver === undefined ? {} : { storageDriver }),
        bridge: networks.bridge(),
        subnet: networks.subnet(),
        networkIds: Object.fromEntries(recording.networks.map(({ name, id }) => [name, id])),
        runtime: recording.defaults.runtime,
        logDriver: recording.defaults.logDriver,
        driverOptions: {},
        plugins: [...DEFAULT_PLUGINS, ...plugins],
        isolation: {},
        healthChecks: false,
        version: VERSION,
      },
      logger,
      MODULES,
      bound,
    );
    return { host, root, networks, end: () => tearDown(host, [], logger).finally(() => scratch.remove()) };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
