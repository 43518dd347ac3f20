import type { DriverManifest } from '@shiplog/contracts';
import type { PluginDefinition } from '@shiplog/driver-kit';
import { built } from './repository.ts';
import { table } from './markdown.ts';

/** Every default driver by its manifest, in the order of families and of loading. */
export async function manifests(): Promise<readonly DriverManifest[]> {
  const { DEFAULT_PLUGINS }: { readonly DEFAULT_PLUGINS: readonly string[] } = await import(
    built('plugins/daemon/dist/default-plugins.js')
  );
  const found: DriverManifest[] = [];
  for (const plugin of DEFAULT_PLUGINS) {
    const { default: definition }: { readonly default: PluginDefinition } = await import(plugin);
    found.push(...definition.drivers.map(({ manifest }) => manifest));
  }
  return found.toSorted((a, b) => FAMILIES.indexOf(a.kind) - FAMILIES.indexOf(b.kind));
}

const FAMILIES: readonly string[] = [
  'storage',
  'network',
  'volume',
  'cgroup',
  'runtime',
  'log',
  'image-source',
  'image-store',
  'vault',
  'name-server',
  'container-files',
  'builder',
  'api',
  'kernel',
];

/** Driver by capability, as the manifests have it. */
export async function driversTable(): Promise<string> {
  const rows = (await manifests()).map(({ kind, name, capabilities, needs, doc }) => {
    const can = (able: boolean): string =>
      Object.entries(capabilities)
        .filter(([, has]) => has === able)
        .map(([ability]) => ability)
        .join(', ');
    const wants = [...(needs.root === true ? ['root'] : []), ...(needs.filesystems ?? []), ...(needs.binaries ?? [])].join(', ');
    return [kind, `\`${name}\``, can(true), can(false), wants, doc];
  });
  return table(['family', 'driver', 'can', 'cannot', 'needs', 'what it is'], rows);
}
