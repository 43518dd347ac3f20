import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLogger, DEFAULT_PLUGINS, MODULES, tearDown, VERSION } from '@shiplog/daemon';
import { compose, type Host } from '@shiplog/plugin-host';
import { ShiplogError } from '@shiplog/contracts';
import type { Recording } from '@shiplog/replay';
import { makeScratch } from './scratch.ts';

/** A whole engine that shares nothing with others on this host but the kernel. */
export interface PrivateEngine {
  readonly host: Host;
  readonly root: string;
  /** Removes all of it. */
  end(): Promise<void>;
}

/** Networks of engines of their own: 4,094 addresses each, of a range that others seldom use. */
function freeSubnet(): string {
  const chance = Math.floor(Math.random() * 64 * 16);
  return `10.${192 + Math.floor(chance / 16)}.${(chance % 16) * 16}.0/20`;
}

/** Starts one that makes its own networks with the ids they had. Throws NOT_ROOT, or what keeps an engine from starting. */
export async function privateEngine(recording: Recording, storageDriver: string | undefined): Promise<PrivateEngine> {
  if (process.getuid?.() !== 0) throw new ShiplogError('NOT_ROOT', 'real drivers need root: run it as root, or simulate');
  const scratch = await makeScratch(storageDriver === 'btrfs');
  const { directory, root } = scratch;
  const logger = createLogger('info', (line) => appendFileSync(join(directory, 'engine.log'), line));
  try {
    const host = await compose(
      {
        root,
        run: join(directory, 'run'),
        ...(storageDriver === undefined ? {} : { storageDriver }),
        bridge: `slr${process.pid % 100_000}x${Math.floor(Math.random() * 1000)}`,
        subnet: freeSubnet(),
        networkIds: Object.fromEntries(recording.networks.map(({ name, id }) => [name, id])),
        runtime: recording.defaults.runtime,
        logDriver: recording.defaults.logDriver,
        driverOptions: {},
        plugins: DEFAULT_PLUGINS,
        isolation: {},
        version: VERSION,
      },
      logger,
      MODULES,
    );
    return { host, root, end: () => tearDown(host, [], logger).finally(() => scratch.remove()) };
  } catch (error) {
    await scratch.remove();
    throw error;
  }
}
