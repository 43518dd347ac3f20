import { API_VERSION, ShiplogError } from '@shiplog/contracts';
import type { PluginDefinition } from '@shiplog/driver-kit';

/** A plugin that was found and whose manifest is in order. None of its drivers exists yet. */
export interface LoadedPlugin {
  readonly specifier: string;
  readonly definition: PluginDefinition;
}

/** Imports plugins by module name or path, side by side, and checks each manifest. Throws PLUGIN_INVALID, naming the plugin and what is wrong. */
export function loadPlugins(
  specifiers: readonly string[],
  load: (specifier: string) => Promise<unknown>,
): Promise<readonly LoadedPlugin[]> {
  return Promise.all(specifiers.map(async (specifier) => ({ specifier, definition: check(specifier, await open(specifier, load)) })));
}

async function open(specifier: string, load: (specifier: string) => Promise<unknown>): Promise<unknown> {
  try {
    return ((await load(specifier)) as { default?: unknown }).default;
  } catch (error) {
    throw new ShiplogError(
      'PLUGIN_INVALID',
      `plugin ${specifier} cannot be loaded: ${error instanceof Error ? error.message : String(error)}`,
      { plugin: specifier },
      { cause: error },
    );
  }
}

function check(specifier: string, value: unknown): PluginDefinition {
  const wrong = (what: string): never => {
    throw new ShiplogError('PLUGIN_INVALID', `plugin ${specifier} ${what}`, { plugin: specifier });
  };
  const plugin = value as Partial<PluginDefinition> | undefined;
  if (plugin?.manifest === undefined || !Array.isArray(plugin.drivers))
    return wrong('has no plugin as its default export; use definePlugin');
  const { name, version, api } = plugin.manifest;
  if (typeof name !== 'string' || name === '') return wrong('has no name in its manifest');
  if (typeof version !== 'string' || version === '') return wrong('has no version in its manifest');
  if (!Array.isArray(api) || !api.includes(API_VERSION))
    return wrong(`works with contract versions ${String(api)}, and this engine has ${API_VERSION}`);
  for (const { manifest, driver } of plugin.drivers) {
    if (typeof manifest?.kind !== 'string' || typeof manifest.name !== 'string') return wrong('has a driver without kind or name');
    if (typeof driver !== 'function') return wrong(`has no class for driver ${manifest.kind}/${manifest.name}`);
  }
  return plugin as PluginDefinition;
}
