import { KERNEL_CALLS } from '@shiplog/conformance/crash';
import { type DriverKind, VERB_TABLES } from '@shiplog/contracts';
import { type DriverDefinition, instantiate, type PluginDefinition } from '@shiplog/driver-kit';
import type { ModuleLoader } from '@shiplog/plugin-host';
import type { Death } from './death.ts';

/** Verbs that change nothing: dying at them is dying at their neighbours. */
const LOOKS: ReadonlySet<string> = new Set(['usage', 'freePorts', 'state', 'stats', 'processes', 'check', 'changes', 'resolve']);

/** What changes something in the families without a verb table. */
const EFFECTS: { readonly [kind: string]: readonly string[] } = {
  'image-store': ['load', 'import', 'commit', 'pack', 'pull', 'remove', 'discard'],
  vault: ['put', 'remove'],
  'container-files': ['open'],
  'name-server': ['serve', 'end'],
};

/** What drivers answer with that has calls of its own. */
const ANSWERED: { readonly [call: string]: readonly string[] } = { 'container-files open': ['archive', 'extract', 'close'] };

/** Of the kernel port, what is called by drivers that no kit lets die in the middle of a call, and by the one of btrfs. */
const GROUPS = ['trees', 'sockets', 'subvolumes'] as const;

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
  const { kind } = manifest;
  const effects = effectsOf(kind);
  if (effects.length === 0 && kind !== 'kernel') return definition;
  const name = `${kind}/${manifest.name}`;
  return {
    manifest,
    ...(probe === undefined ? {} : { probe }),
    create(services) {
      const { driver, dispose } = instantiate(definition, services);
      const own = (property: string | symbol): unknown => {
        if (property === Symbol.asyncDispose) return dispose;
        const group = kind === 'kernel' ? GROUPS.find((one) => one === property) : undefined;
        return group === undefined ? undefined : dying(Reflect.get(driver, group) as object, callsOf(group), `${name} ${group}.`);
      };
      const dying = <T extends object>(target: T, calls: readonly string[], before: string): T =>
        withMethods(target, (property, run) => {
          if (typeof property === 'symbol' || !calls.includes(property)) return run;
          return async (...args) => {
            const answer = await death.around(`${before}${property}`, async () => run(...args));
            const answered = ANSWERED[`${kind} ${property}`];
            return answered === undefined ? answer : dying(answer as object, answered, `${name} `);
          };
        });
      return withOwn(dying(driver, effects, `${name} `), own);
    },
  };
}

type Method = (...args: unknown[]) => unknown;

/** The same object with other methods. */
function withMethods<T extends object>(target: T, methodOf: (property: string | symbol, run: Method) => Method): T {
  return new Proxy(target, {
    get(_, property) {
      const method: unknown = Reflect.get(target, property);
      if (typeof method !== 'function') return method;
      return methodOf(property, (...args) => Reflect.apply(method, target, args) as unknown);
    },
  });
}

/** The same object, with what `own` has instead. */
function withOwn<T extends object>(target: T, own: (property: string | symbol) => unknown): T {
  return new Proxy(target, { get: (_, property) => own(property) ?? (Reflect.get(target, property) as unknown) });
}

function effectsOf(kind: DriverKind): readonly string[] {
  if (kind in VERB_TABLES) return Object.keys(VERB_TABLES[kind as keyof typeof VERB_TABLES]).filter((verb) => !LOOKS.has(verb));
  return EFFECTS[kind] ?? [];
}

function callsOf(group: (typeof GROUPS)[number]): readonly string[] {
  return Object.entries(KERNEL_CALLS[group]).flatMap(([name, kind]) => (kind === 'effect' ? [name] : []));
}
