import { type Kernel, ShiplogError } from '@shiplog/contracts';
import type { DriverDefinition, PluginDefinition } from '../define-plugin.ts';
import { instantiate } from '../scope.ts';
import type { DriverServices } from '../services.ts';

/** Imports a plugin's module. Throws PLUGIN_INVALID if its default export is none. */
export async function importPlugin(url: string): Promise<PluginDefinition> {
  const { default: plugin }: { default?: Partial<PluginDefinition> } = await import(url);
  if (plugin?.manifest === undefined || !Array.isArray(plugin.drivers))
    throw new ShiplogError('PLUGIN_INVALID', `${url} has no plugin as its default export; use definePlugin`, { plugin: url });
  return plugin as PluginDefinition;
}

/**
 * Makes a kernel port of its own inside a guest, from the module that provides it: some of its calls are synchronous, and those
 * that enter a namespace are about the thread that makes them, so that they cannot be asked for over a wire.
 */
export async function importKernel(url: string): Promise<Kernel> {
  const { drivers } = await importPlugin(url);
  const definition = drivers.find((driver): driver is DriverDefinition<'kernel'> => driver.manifest.kind === 'kernel');
  if (definition === undefined) throw new ShiplogError('PLUGIN_INVALID', `${url} provides no kernel port`, { plugin: url });
  // The kernel port is made of nothing but the kernel.
  return instantiate(definition, {} as DriverServices).driver;
}
