import { type DriverKind, VERB_TABLES } from '@shiplog/contracts';
import { type DriverDefinition, instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import type { ModuleLoader } from '@shiplog/plugin-host';
import type { Death } from './death.ts';

/** Verbs that change nothing: dying at them is dying at their neighbours. */
const LOOKS: ReadonlySet<string> = new Set(['usage', 'freePorts', 'state', 'stats', 'processes', 'check', 'changes', 'resolve']);

/** What changes something in the families without a verb table. */
const EFFECTS: { readonly [kind: string]: readonly string[] } = {
  'image-store': ['load', 'import', 'commit', 'pull', 'remove', 'discard'],
  vault: ['put', 'remove'],
};

/** Imports plugins whose drivers do as they always do, until `death` comes. */
export function mortalPlugins(loader: ModuleLoader, death: Death): ModuleLoader {
  return {
    resolve: (specifier) => loader.resolve(specifier),
    async import(url) {
      const module = (await loader.import(url)) as { readonly default?: PluginDefinition };
      if (module.default === undefined) return module;
      return { default: { ...module.default, drivers: module.default.drivers.map((driver) => mortal(driver, death)) } };
    },
  };
}

function mortal(definition: DriverDefinition, death: Death): DriverDefinition {
  const { manifest, probe } = definition;
  const effects = effectsOf(manifest.kind);
  if (effects.length === 0) return definition;
  return {
    manifest,
    ...(probe === undefined ? {} : { probe }),
    create(services) {
      const { driver, dispose } = instantiate(definition, services);
      return new Proxy(driver, {
        get(target, property) {
          if (property === Symbol.asyncDispose) return dispose;
          const method: unknown = Reflect.get(target, property);
          if (typeof method !== 'function') return method;
          const run = (args: unknown[]): unknown => Reflect.apply(method, target, args) as unknown;
          if (typeof property === 'symbol' || !effects.includes(property)) return (...args: unknown[]) => run(args);
          return (...args: unknown[]) => death.around(`${manifest.kind}/${manifest.name} ${property}`, async () => run(args));
        },
      });
    },
  };
}

function effectsOf(kind: DriverKind): readonly string[] {
  if (kind in VERB_TABLES) return Object.keys(VERB_TABLES[kind as keyof typeof VERB_TABLES]).filter((verb) => !LOOKS.has(verb));
  return EFFECTS[kind] ?? [];
}
