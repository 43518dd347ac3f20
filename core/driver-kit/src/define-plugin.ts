import type { DriverFamilies, DriverKind, DriverManifest, PluginManifest, Probe } from '@shiplog/contracts';
import type { InjectionToken } from 'tsyringe';
import type { DriverServices } from './services.ts';

/**
 * A class whose constructor parameters are injected: each carries `@inject(TOKEN)`, or the class lists the tokens in their order as
 * `static inject = [KERNEL, HOME] as const`, which needs no compiler.
 */
export interface DriverClass<T> {
  new (...services: never[]): T;
  readonly inject?: readonly InjectionToken[];
}

interface DriverFacts<K extends DriverKind> {
  readonly manifest: DriverManifest & { readonly kind: K };
  /** Can it run on this host? Reads only, and answers within ten seconds. Absent: yes. */
  readonly probe?: (services: DriverServices) => Promise<Probe>;
}

/** A driver as a class, constructed once, on first use. */
export interface DriverByClass<K extends DriverKind> extends DriverFacts<K> {
  readonly driver: DriverClass<DriverFamilies[K]>;
}

/** A driver as a plain object that a function makes of the services, once, on first use. */
export interface DriverByFactory<K extends DriverKind> extends DriverFacts<K> {
  create(services: DriverServices): DriverFamilies[K];
}

/** A driver: its manifest, how it is made, and a probe. One that has `[Symbol.asyncDispose]` is told when it is needed no more. */
export type DriverDefinition<K extends DriverKind = DriverKind> = DriverByClass<K> | DriverByFactory<K>;

export interface PluginDefinition {
  readonly manifest: Omit<PluginManifest, 'drivers'>;
  readonly drivers: readonly DriverDefinition[];
}

/** Keeps the types of one driver's definition. */
export function defineDriver<K extends DriverKind>(definition: DriverByFactory<K>): DriverByFactory<K>;
export function defineDriver<K extends DriverKind>(definition: DriverByClass<K>): DriverByClass<K>;
export function defineDriver<K extends DriverKind>(definition: DriverDefinition<K>): DriverDefinition<K> {
  return definition;
}

/** What a plugin's module exports by default. Defining does nothing else. */
export function definePlugin(definition: PluginDefinition): PluginDefinition {
  return definition;
}
