import { readFile, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { API_VERSION, type DriverManifest, type PluginManifest, ShiplogError } from '@shiplog/contracts';
import type { PluginDefinition } from '@shiplog/driver-kit';

/** How modules are found and imported: by the daemon, beside whose packages plugins are installed. */
export interface ModuleLoader {
  /** The URL of a module by its name. Throws when there is none. */
  resolve(specifier: string): string;
  import(url: string): Promise<unknown>;
}

/** A plugin that is installed and whose manifest is in order. None of its drivers exists yet. */
export interface InstalledPlugin {
  /** As the operator named it. */
  readonly specifier: string;
  readonly manifest: PluginManifest;
  /** Its directory, or that of its module. */
  readonly directory: string;
  /** URL of its module; absent if it is a program. */
  readonly module?: string;
  /** The program and its arguments, run in the directory. */
  readonly command?: readonly string[];
  /** What its module exports, where that had to be imported to know the manifest. */
  readonly definition?: PluginDefinition;
}

/**
 * Finds plugins by module name, file or directory, side by side. A package that has its manifest in the `shiplog` field of its
 * package.json (`api`, `drivers`, and `entry` or `command`) is not imported before it is needed; others are, now. Throws
 * PLUGIN_INVALID, naming the plugin and what is wrong.
 */
export function findPlugins(specifiers: readonly string[], loader: ModuleLoader): Promise<readonly InstalledPlugin[]> {
  return Promise.all(
    specifiers.map(async (specifier) => {
      try {
        return await find(specifier, loader);
      } catch (error) {
        if (error instanceof ShiplogError) throw error;
        throw invalid(specifier, `cannot be loaded: ${error instanceof Error ? error.message : String(error)}`, error);
      }
    }),
  );
}

/** What package.json says of a plugin. */
interface PackageFacts {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly shiplog?: {
    readonly api?: unknown;
    readonly drivers?: unknown;
    readonly entry?: unknown;
    readonly command?: unknown;
  };
}

async function find(specifier: string, loader: ModuleLoader): Promise<InstalledPlugin> {
  const path = /^(\.|\/|file:)/.test(specifier) ? pathOf(specifier) : fileURLToPath(loader.resolve(specifier));
  let facts = await factsOf(path);
  const isDirectory = facts !== undefined || (await stat(path)).isDirectory();
  const directory = isDirectory ? path : await packageOf(dirname(path));
  if (!isDirectory && directory !== undefined) facts = await factsOf(directory);
  if (directory !== undefined && facts?.shiplog !== undefined) {
    const installed = declared(specifier, directory, facts, facts.shiplog);
    // Another module of the same package is what it is, and not what the package says.
    if (isDirectory || installed.module === pathToFileURL(path).href) return installed;
  }
  if (isDirectory) throw invalid(specifier, 'is a directory whose package.json has no field "shiplog"');
  return importPlugin(specifier, path, loader);
}

function declared(specifier: string, directory: string, facts: PackageFacts, field: NonNullable<PackageFacts['shiplog']>): InstalledPlugin {
  const { entry, command } = field;
  const manifest = checkManifest(specifier, { name: facts.name, version: facts.version, api: field.api, drivers: field.drivers });
  if (Array.isArray(command) && command.length > 0 && command.every((word) => typeof word === 'string'))
    return { specifier, manifest, directory, command };
  if (typeof entry !== 'string')
    throw invalid(specifier, 'needs "entry" (a module) or "command" (a program) in the field "shiplog" of its package.json');
  return { specifier, manifest, directory, module: pathToFileURL(join(directory, entry)).href };
}

async function importPlugin(specifier: string, path: string, loader: ModuleLoader): Promise<InstalledPlugin> {
  const module = pathToFileURL(path).href;
  const { default: plugin } = (await loader.import(module)) as { readonly default?: unknown };
  const definition = checkDefinition(specifier, plugin);
  const drivers = definition.drivers.map((driver) => driver.manifest);
  return { specifier, manifest: { ...definition.manifest, drivers }, directory: dirname(path), module, definition };
}

/** What a module exports by default, if that is a plugin. Throws PLUGIN_INVALID. */
export function checkDefinition(specifier: string, value: unknown): PluginDefinition {
  const plugin = value as Partial<PluginDefinition> | undefined;
  if (plugin?.manifest === undefined || !Array.isArray(plugin.drivers))
    throw invalid(specifier, 'has no plugin as its default export; use definePlugin');
  checkManifest(specifier, { ...plugin.manifest, drivers: plugin.drivers.map((driver) => driver.manifest) });
  for (const driver of plugin.drivers) {
    const { kind, name } = driver.manifest;
    if (typeof (driver as { driver?: unknown }).driver !== 'function' && typeof (driver as { create?: unknown }).create !== 'function')
      throw invalid(specifier, `has neither a class nor a create function for driver ${kind}/${name}`);
  }
  return plugin as PluginDefinition;
}

function checkManifest(specifier: string, manifest: { readonly [field in keyof PluginManifest]: unknown }): PluginManifest {
  const { name, version, api, drivers } = manifest;
  if (typeof name !== 'string' || name === '') throw invalid(specifier, 'has no name in its manifest');
  if (typeof version !== 'string' || version === '') throw invalid(specifier, 'has no version in its manifest');
  if (!Array.isArray(api) || !api.includes(API_VERSION))
    throw invalid(specifier, `works with contract versions ${String(api)}, and this engine has ${API_VERSION}`);
  if (!Array.isArray(drivers) || drivers.length === 0) throw invalid(specifier, 'has no drivers in its manifest');
  for (const driver of drivers as readonly Partial<DriverManifest>[]) {
    if (typeof driver?.kind !== 'string' || typeof driver.name !== 'string') throw invalid(specifier, 'has a driver without kind or name');
    for (const field of ['capabilities', 'needs'] as const)
      if (typeof driver[field] !== 'object' || driver[field] === null)
        throw invalid(specifier, `says no ${field} of driver ${driver.kind}/${driver.name}; an empty object means none`);
  }
  return { name, version, api, drivers };
}

/** The directory of the nearest package.json; the packages of a workspace are found by their real paths. */
async function packageOf(directory: string): Promise<string | undefined> {
  for (let at = directory; ; at = dirname(at)) {
    if ((await factsOf(at)) !== undefined) return at;
    if (at === dirname(at)) return undefined;
  }
}

async function factsOf(directory: string): Promise<PackageFacts | undefined> {
  try {
    return JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as PackageFacts;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

function pathOf(specifier: string): string {
  return specifier.startsWith('file:') ? fileURLToPath(specifier) : resolve(specifier);
}

function invalid(specifier: string, what: string, cause?: unknown): ShiplogError {
  return new ShiplogError('PLUGIN_INVALID', `plugin ${specifier} ${what}`, { plugin: specifier }, { cause });
}
