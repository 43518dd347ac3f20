import { type InstalledPluginFacts, ShiplogError } from '@shiplog/contracts';
import type { EngineParts } from '../ports.ts';

/** What is installed under this name; undefined if nothing is. */
export function pluginFacts({ plugins, drivers, chosen, defaults }: EngineParts, name: string): InstalledPluginFacts | undefined {
  const own = (): readonly { readonly kind: string; readonly name: string }[] => {
    if (plugins === undefined) return drivers.list().filter(({ plugin }) => plugin === name);
    return plugins.inspect(name).drivers;
  };
  try {
    const provided = own().map(({ kind, name: driver }) => ({ kind, name: driver }));
    if (plugins === undefined && provided.length === 0) return undefined;
    const needed = new Set([
      `storage/${defaults.storageDriver}`,
      `runtime/${defaults.runtime}`,
      `log/${defaults.logDriver}`,
      `cgroup/${chosen.cgroup}`,
      `image-store/${chosen.imageStore}`,
      `vault/${chosen.vault}`,
      ...(chosen.nameServer === undefined ? [] : [`name-server/${chosen.nameServer}`]),
    ]);
    // A plugin without drivers that can be listed is the kernel port's.
    const essential = provided.length === 0 || provided.some(({ kind, name: driver }) => kind === 'api' || needed.has(`${kind}/${driver}`));
    return { name, drivers: provided, essential };
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'PLUGIN_NOT_FOUND') return undefined;
    throw error;
  }
}
