import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { randomBytes } from 'node:crypto';
import 'reflect-metadata';
import { Container } from 'inversify';
import {
  type DriverManifest,
  type EventLog,
  type Isolation,
  type Kernel,
  type PluginControl,
  type ReadLevel,
  type RetentionPolicy,
  ShiplogError,
} from '@shiplog/contracts';
import type { DriverHome, DriverLog, Logger } from '@shiplog/driver-kit';
import { type GuestSource, isIsolatable } from '@shiplog/driver-kit/isolation';
import { type EngineParts, type RunningEngine, type SecretRules, startEngine, withOperatorRules } from '@shiplog/engine';
import { openLevelLog } from '@shiplog/event-log';
import { DriverRegistry } from './driver-registry.ts';
import { findPlugins, type InstalledPlugin, type ModuleLoader } from './find-plugins.ts';
import { hostFacts } from './host-facts.ts';
import { hostClock, hostIdentities } from './identities.ts';
import { HostedPlugin } from './hosted-plugin.ts';
import { makeKernelPort } from './kernel-port.ts';
import { PluginLines } from './plugin-lines.ts';
import { PluginManager } from './plugin-manager.ts';
import { redactingLogger } from './redacting-logger.ts';
import { GuestRunner, InlineRunner, type Runner } from './runner.ts';

/** What an operator decides about an engine. Directories are absolute. */
export interface HostConfig {
  /** Survives reboots: log, images, layers, secrets. */
  readonly root: string;
  /** Gone after a reboot: mounts, namespaces, bundles, sockets. */
  readonly run: string;
  /** Absent: the best that can run here. */
  readonly storageDriver?: string;
  /** Absent: the first of v2 and v1 that can run here. */
  readonly cgroupDriver?: string;
  readonly bridge: string;
  readonly subnet: string;
  /** Ids of the networks `bridge`, `host` and `none`, where they are made; fresh if absent. */
  readonly networkIds?: { readonly [name: string]: string };
  readonly runtime: string;
  readonly logDriver: string;
  /** Of containers with that log driver that do not say otherwise. */
  readonly logOptions?: { readonly [option: string]: string };
  /** Options of single drivers, by `kind/name`. */
  readonly driverOptions: { readonly [driver: string]: { readonly [option: string]: string } };
  /** What counts as a secret beside the usual: expressions for names, and for texts. */
  readonly secrets?: { readonly names?: readonly string[]; readonly patterns?: readonly string[] };
  /** Which reads are recorded, by `METHOD TEMPLATE`; a `*` at the end fits every ending. */
  readonly readLevels?: { readonly [route: string]: ReadLevel };
  /** What of the log is sealed and pruned without a command; nothing if absent. */
  readonly retention?: RetentionPolicy;
  /** False: see {@link EngineParts.healthChecks}. */
  readonly healthChecks?: false;
  /** Module names, files or directories. */
  readonly plugins: readonly string[];
  /** Where plugins' code runs, by their names; others run inline, and programs in a process. */
  readonly isolation: { readonly [plugin: string]: Isolation };
  readonly version: string;
}

/** A composed engine with what its servers need. */
export interface Host {
  readonly engine: RunningEngine;
  readonly kernel: Kernel;
  readonly drivers: DriverRegistry;
  readonly plugins: PluginControl;
  /** Plugins whose files somebody may be writing: those outside of node_modules that are not built in. */
  watched(): readonly { readonly name: string; readonly directory: string }[];
  /** Stops the engine, ends the drivers, closes the log, lets go of the root. Containers run on. */
  stop(reason: string): Promise<void>;
}

const ENGINE = Symbol.for('shiplog.engine');

/**
 * Puts an engine together from plugins and starts it. One engine per root: throws ENGINE_LOCKED while another has it.
 * What a failed start took is given back. `bound` is told of the drivers when all are bound and none has been chosen.
 */
export async function compose(
  config: HostConfig,
  sink: Logger,
  loader: ModuleLoader,
  bound?: (drivers: DriverRegistry) => Promise<void>,
): Promise<Host> {
  const secretRules = withOperatorRules(config.secrets ?? {});
  const logger = redactingLogger(sink, secretRules);
  const ends: (() => Promise<void>)[] = [];
  const end = async (): Promise<void> => {
    for (const one of ends.toReversed()) await one();
    ends.length = 0;
  };
  try {
    return await build(config, secretRules, sink, logger, loader, ends, end, bound);
  } catch (error) {
    await end();
    throw error;
  }
}

async function build(
  config: HostConfig,
  secretRules: SecretRules,
  sink: Logger,
  logger: Logger,
  loader: ModuleLoader,
  ends: (() => Promise<void>)[],
  end: () => Promise<void>,
  bound: ((drivers: DriverRegistry) => Promise<void>) | undefined,
): Promise<Host> {
  const { root, run } = config;
  const installed = await findPlugins(config.plugins, loader);
  checkIsolation(installed, config.isolation);
  await mkdir(root, { recursive: true, mode: 0o711 });
  await mkdir(run, { recursive: true, mode: 0o711 });
  const engineId = await identity(root);
  const home = (kind: string, name: string): DriverHome => ({
    engineId,
    stateDir: join(root, 'drivers', kind, name),
    runDir: join(run, 'drivers', kind, name),
  });
  const options = (kind: string, name: string) => config.driverOptions[`${kind}/${name}`] ?? {};
  // Drivers may follow the log, but the log is opened with facts from the kernel port: it arrives a little later.
  const log: { current?: EventLog } = {};
  const reader = lateReader(log);

  const port = makeKernelPort(installed, {
    home: await made(home('kernel', 'linux')),
    options: options('kernel', 'linux'),
    logger,
    log: reader,
  });
  ends.push(() => port.scoped.dispose());
  const kernel = port.scoped.driver;
  const lock = await kernel.processes.lock(join(root, 'lock'));
  if (lock === undefined)
    throw new ShiplogError('ENGINE_LOCKED', `another engine uses ${root}; stop it, or give this one a root of its own with --root`, {
      root,
    });
  ends.push(() => lock.release());

  const instance = randomBytes(6).toString('hex');
  const host = hostFacts(kernel);
  const opened = await openLevelLog({ directory: join(root, 'log'), boot: host.bootId, inst: instance });
  log.current = opened;
  ends.push(() => opened.close());

  const container = new Container();
  const drivers = new DriverRegistry(container);
  ends.push(() => drivers.dispose());
  for (const plugin of installed) {
    const { name, drivers: manifests } = plugin.manifest;
    const lines = new PluginLines(name, sink);
    // What is kept of a plugin's words is redacted like the engine's own.
    const told = redactingLogger(lines.toLogger(), secretRules);
    const placeOf = ({ kind, name: driver }: DriverManifest) => ({ home: home(kind, driver), options: options(kind, driver) });
    let homes: Promise<unknown> | undefined;
    // Of plugins that are not used, nothing is on the disk.
    const settle = () => (homes ??= Promise.all(manifests.map((manifest) => made(placeOf(manifest).home))));
    const isolation = isolationOf(plugin, config.isolation);
    const makeRunner = (version: number): Runner =>
      isolation === 'inline'
        ? new InlineRunner(plugin, loader, settle, (driver) => ({ ...placeOf(driver), kernel, logger: told, log: reader }), version)
        : new GuestRunner({
            source: sourceOf(plugin, isolation, port.module),
            manifest: plugin.manifest,
            welcome: Object.fromEntries(manifests.map((manifest) => [`${manifest.kind}/${manifest.name}`, placeOf(manifest)])),
            told,
            log: reader,
            socketDirectory: join(run, 'guests'),
            settle,
          });
    if (plugin.definition !== undefined && isolation === 'inline') await settle();
    await drivers.add(new HostedPlugin(plugin, lines, makeRunner));
  }
  const manager = new PluginManager(drivers);
  await bound?.(drivers);

  const storageDriver = config.storageDriver ?? drivers.firstUsable('storage', ['overlay', 'btrfs', 'vfs']);
  await drivers.prepare('storage', storageDriver);
  drivers.get('runtime', config.runtime);
  const parts: EngineParts = {
    log: opened,
    drivers,
    plugins: manager,
    clock: hostClock,
    identities: hostIdentities,
    host,
    logger,
    secretRules,
    ...(config.readLevels === undefined ? {} : { readLevels: config.readLevels }),
    ...(config.retention === undefined ? {} : { retention: config.retention }),
    ...(config.healthChecks === undefined ? {} : { healthChecks: config.healthChecks }),
    engineId,
    instance,
    version: config.version,
    paths: { root, rootfs: (id) => join(run, 'rootfs', id), sandbox: (id) => join(run, 'netns', id) },
    defaults: {
      storageDriver,
      runtime: config.runtime,
      logDriver: config.logDriver,
      logRoot: join(root, 'containers'),
      stopTimeoutSeconds: 10,
      volumeRoot: join(root, 'volumes'),
    },
    ...(config.logOptions === undefined ? {} : { logOptions: config.logOptions }),
    chosen: {
      cgroup: drivers.firstUsable('cgroup', config.cgroupDriver === undefined ? ['v2', 'v1'] : [config.cgroupDriver]),
      imageStore: drivers.firstUsable('image-store', ['local']),
      vault: drivers.firstUsable('vault', ['file']),
      ...(drivers.list().some(({ kind }) => kind === 'name-server')
        ? { nameServer: drivers.firstUsable('name-server', ['embedded']) }
        : {}),
      ...(drivers.list().some(({ kind }) => kind === 'container-files')
        ? { containerFiles: drivers.firstUsable('container-files', ['linux']) }
        : {}),
      ...(drivers.list().some(({ kind }) => kind === 'builder') ? { builder: drivers.firstUsable('builder', ['dockerfile']) } : {}),
    },
    networks: [
      { name: 'bridge', driver: 'bridge', subnet: config.subnet, options: { bridge: config.bridge } },
      { name: 'host', driver: 'host', options: {} },
      { name: 'none', driver: 'none', options: {} },
    ].map((network) => ({ ...network, ...idOf(network.name, config) })),
    config: {
      root,
      run,
      storageDriver,
      bridge: config.bridge,
      subnet: config.subnet,
      runtime: config.runtime,
      ...Object.fromEntries(Object.entries(config.retention ?? {}).map(([name, value]) => [name, String(value)])),
    },
  };
  container
    .bind<Promise<RunningEngine>>(ENGINE)
    .toDynamicValue(() => startEngine(parts))
    .inSingletonScope();
  const engine = await container.getAsync<RunningEngine>(ENGINE);
  return {
    engine,
    kernel,
    drivers,
    plugins: manager,
    watched: () =>
      installed.flatMap(({ manifest: { name }, module, directory, specifier }) =>
        /^(\.|\/|file:)/.test(specifier) && !directory.includes('/node_modules/')
          ? [{ name, directory: module === undefined ? directory : dirname(fileURLToPath(module)) }]
          : [],
      ),
    async stop(reason) {
      await engine.stop(reason);
      await end();
    },
  };
}

function idOf(network: string, { networkIds = {} }: HostConfig): { readonly id?: string } {
  const id = networkIds[network];
  return id === undefined ? {} : { id };
}

/** Makes a driver's directories. */
async function made(home: DriverHome): Promise<DriverHome> {
  for (const directory of [home.stateDir, home.runDir]) await mkdir(directory, { recursive: true, mode: 0o700 });
  return home;
}

/** The engine's id: made once per root, 12 hex digits, part of every host-visible name. */
async function identity(root: string): Promise<string> {
  const path = join(root, 'engine-id');
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const id = randomBytes(6).toString('hex');
  await writeFile(`${path}.new`, `${id}\n`, { flush: true });
  await rename(`${path}.new`, path);
  return id;
}

/** A program always has a process of its own. */
function isolationOf({ manifest, command }: InstalledPlugin, chosen: HostConfig['isolation']): Isolation {
  return command === undefined ? (chosen[manifest.name] ?? 'inline') : 'process';
}

/** Throws CONFIG_INVALID for an isolation of a plugin that is not there, or that cannot be had. */
function checkIsolation(plugins: readonly InstalledPlugin[], chosen: HostConfig['isolation']): void {
  for (const [name, isolation] of Object.entries(chosen)) {
    const plugin = plugins.find(({ manifest }) => manifest.name === name);
    if (plugin === undefined)
      throw new ShiplogError('CONFIG_INVALID', `isolation is given for ${name}, and no such plugin is installed`, { plugin: name });
    if (plugin.command !== undefined && isolation !== 'process')
      throw new ShiplogError('CONFIG_INVALID', `plugin ${name} is a program: it runs in a process, and not ${isolation}`, { plugin: name });
    const bound = plugin.manifest.drivers.find((driver) => !isIsolatable(driver));
    if (isolation !== 'inline' && bound !== undefined)
      throw new ShiplogError(
        'CONFIG_INVALID',
        `plugin ${name} can only run inline: ${bound.kind === 'log' ? 'log drivers that read back' : `${bound.kind} drivers`} hand out streams and handles`,
        {
          plugin: name,
        },
      );
  }
}

function sourceOf({ command, directory, module = '' }: InstalledPlugin, isolation: 'worker' | 'process', kernel: string): GuestSource {
  return command === undefined ? { isolation, module, kernel } : { isolation: 'process', command, directory };
}

function lateReader(late: { readonly current?: EventLog }): DriverLog {
  const log = (): EventLog => {
    if (late.current === undefined) throw new ShiplogError('LOG_CLOSED', 'the log is not open yet');
    return late.current;
  };
  return {
    get durableSeq() {
      return log().durableSeq;
    },
    read: (options) => log().read(options),
    readStream: (stream, fromRev) => log().readStream(stream, fromRev),
    follow: (options) => log().follow(options),
  };
}
