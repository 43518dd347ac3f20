import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import { ShiplogError } from '@shiplog/contracts';
import { compose } from '@shiplog/plugin-host';
import type { DaemonConfig } from './config.ts';
import { DEFAULT_PLUGINS, MODULES } from './default-plugins.ts';
import { createLogger } from './logger.ts';
import { hostText } from './hosts.ts';
import { collectAtRest } from './rest.ts';
import { serve, type TlsMaterial } from './server.ts';
import { watchPlugins } from './watch-plugins.ts';
import { tearDown } from './tear-down.ts';

export const VERSION = '0.1.0';

/** How long clients whose commands failed with the log have to read why. */
const LAST_ANSWERS_MS = 500;

/**
 * Runs until SIGTERM or SIGINT; resolves when it has stopped. Throws what keeps it from starting, and LOG_CLOSED when the
 * log can no longer be written: the process must then end at once, as after a crash. Containers run on either way.
 */
export async function runDaemon(config: DaemonConfig): Promise<void> {
  if (process.getuid?.() !== 0) throw new ShiplogError('NOT_ROOT', 'containers need root: run shiplogd as root (sudo shiplogd)');
  const logger = createLogger(config.logLevel, (line) => process.stderr.write(line));
  // SIGTERM may come before all is up: it then stops what has come up by then.
  const asked = new Promise<string>((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve(signal));
  });
  process.on('SIGHUP', () => logger.info('SIGHUP ignored: restart to read the config again'));

  const tls = config.tls === undefined ? undefined : await tlsMaterial(config.tls);
  const host = await compose(
    {
      root: config.root,
      run: config.run,
      ...(config.storageDriver === undefined ? {} : { storageDriver: config.storageDriver }),
      ...(config.cgroupDriver === undefined ? {} : { cgroupDriver: config.cgroupDriver }),
      bridge: config.networkBridge,
      subnet: config.networkSubnet,
      runtime: config.runtime,
      logDriver: config.logDriver,
      logOptions: config.logOptions,
      driverOptions: config.driverOptions,
      secrets: config.secrets,
      readLevels: config.readLevels,
      ...(config.retention === undefined ? {} : { retention: config.retention }),
      plugins: [...DEFAULT_PLUGINS, ...config.plugins],
      isolation: config.isolation,
      version: VERSION,
    },
    logger,
    MODULES,
  );
  if (config.teardown) return tearDown(host, [config.run, config.root], logger);
  const apis = host.drivers
    .list()
    .filter((driver) => driver.kind === 'api')
    .map((driver) => host.drivers.get('api', driver.name).handler(host.engine, { plugins: host.plugins, views: host.engine.views }));
  const server = await serve(config.hosts, apis, { kernel: host.kernel, ...(tls === undefined ? {} : { tls }) });
  const unwatch = config.watch ? watchPlugins(host, logger) : () => undefined;
  const endRest = collectAtRest();
  logger.info('ready', { version: VERSION, hosts: config.hosts.map(hostText), root: config.root });
  const reason = await Promise.race([asked, host.engine.failed]);
  if (typeof reason !== 'string') {
    await Promise.race([server.finish(), sleep(LAST_ANSWERS_MS)]);
    // Not host.stop: nothing can be recorded, and undoing what the log does not know would lose what it does.
    throw reason;
  }
  logger.info('stopping', { reason });
  unwatch();
  endRest();
  await server.close();
  await host.stop(reason);
}

/** Reads the files, and tries them, before anything is started. Throws CONFIG_INVALID. */
async function tlsMaterial(files: NonNullable<DaemonConfig['tls']>): Promise<TlsMaterial> {
  try {
    const [ca, cert, key] = await Promise.all([readFile(files.ca), readFile(files.cert), readFile(files.key)]);
    createSecureContext({ ca, cert, key });
    return { ca, cert, key };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ShiplogError('CONFIG_INVALID', `the TLS files cannot be used: ${reason}`, files, { cause: error });
  }
}
