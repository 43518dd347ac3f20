import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, DEFAULT_PLUGINS, MODULES, tearDown, VERSION } from '@shiplog/daemon';
import { compose, type DriverRegistry, type Host, type HostConfig } from '@shiplog/plugin-host';
import { ShiplogError } from '@shiplog/contracts';
import type { Recording } from '@shiplog/replay';
import { clearDead } from './clear-dead.ts';
import { writeDeed } from './deed.ts';
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
  /** Told what was removed of re-enactments that were killed. */
  readonly noted?: ((line: string) => void) | undefined;
}

/** Starts one that makes its own networks with the ids they had, when what killed ones left is removed. Throws NOT_ROOT, or what keeps an engine from starting. */
export async function privateEngine(
  recording: Recording,
  { storageDriver, plugins = [], bound, noted = () => undefined }: PrivateEngineOptions,
): Promise<PrivateEngine> {
  if (process.getuid?.() !== 0) throw new ShiplogError('NOT_ROOT', 'real drivers need root: run it as root, or simulate');
  await clearDead(noted);
  const networks = new PrivateNetworks();
  const [bridge, subnet] = [networks.bridge(), networks.subnet()];
  const configOf = (directory: string): HostConfig => ({
    root: join(directory, 'root'),
    run: join(directory, 'run'),
    ...(storageDriver === undefined ? {} : { storageDriver }),
    bridge,
    subnet,
    networkIds: Object.fromEntries(recording.networks.map(({ name, id }) => [name, id])),
    runtime: recording.defaults.runtime,
    logDriver: recording.defaults.logDriver,
    driverOptions: {},
    plugins: [...DEFAULT_PLUGINS, ...plugins],
    isolation: {},
    healthChecks: false,
    version: VERSION,
  });
  const scratch = await makeScratch(storageDriver === 'btrfs', (directory) => writeDeed(directory, configOf(directory)));
  const { directory, root } = scratch;
  const logger = createLogger('info', (line) => appendFileSync(join(directory, 'engine.log'), line));
  try {
    const host = await compose(configOf(directory), logger, MODULES, bound);
    return { host, root, networks, end: () => tearDown(host, [], logger).finally(() => scratch.remove()) };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
