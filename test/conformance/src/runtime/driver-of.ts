import type { Kernel, RuntimeDriver } from '@shiplog/contracts';
import { type DriverDefinition, instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';

/** A runtime driver of a plugin and where it works, as another process is told. */
export interface Home {
  /** URL of the plugin's module. */
  readonly module: string;
  readonly name: string;
  readonly stateDir: string;
  readonly runDir: string;
  readonly engineId: string;
}

/** Makes it in this process, which imports the plugin. */
export async function driverOf({ module, name, ...home }: Home, kernel: Kernel): Promise<RuntimeDriver> {
  const { default: plugin }: { readonly default: PluginDefinition } = await import(module);
  return instantiate(runtimeOf(plugin, name), createTestServices({ kernel, ...home })).driver;
}

/** Throws for a plugin without it. */
export function runtimeOf({ drivers }: PluginDefinition, name: string): DriverDefinition<'runtime'> {
  const found = drivers.find(({ manifest }) => manifest.kind === 'runtime' && manifest.name === name);
  if (found === undefined) throw new Error(`the plugin has no driver runtime/${name}`);
  return found as DriverDefinition<'runtime'>;
}
