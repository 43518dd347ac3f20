import type { DriverFamilies, DriverKind, DriverManifest, PluginManifest, Probe } from '@shiplog/contracts';
import type { DriverServices } from './services.ts';

/** A driver: its manifest, a class whose constructor parameters are injected, and a probe. */
export interface DriverDefinition<K extends DriverKind = DriverKind> {
  readonly manifest: DriverManifest & { readonly kind: K };
  /** Constructed once, on first use. Constructor parameters carry `@inject(TOKEN)`. */
  readonly driver: new (...services: never[]) => DriverFamilies[K];
  /** Can it run on this host? Reads only. Absent: yes. */
  readonly probe?: (services: DriverServices) => Promise<Probe>;
}

export interface PluginDefinition {
  readonly manifest: Omit<PluginManifest, 'drivers'>;
  readonly drivers: readonly DriverDefinition[];
}

/** Keeps the types of one driver's definition. */
export function defineDriver<K extends DriverKind>(definition: DriverDefinition<K>): DriverDefinition<K> {
  return definition;
}

/** What a plugin's module exports by default. Defining does nothing else. */
export function definePlugin(definition: PluginDefinition): PluginDefinition {
  return definition;
}
