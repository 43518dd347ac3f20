import { Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import { type DriverFamilies, type DriverInfo, type DriverKind, type Kernel, type Probe, ShiplogError } from '@shiplog/contracts';
import { type DriverDefinition, type DriverServices, instantiate, type ScopedDriver } from '@shiplog/driver-kit';
import type { Drivers } from '@shiplog/engine';
import type { LoadedPlugin } from './load-plugins.ts';

/** Makes the services of one driver: its own directories, its own options. */
export type ServicesFor = (kind: DriverKind, name: string) => Promise<DriverServices>;

interface Entry {
  readonly plugin: string;
  readonly definition: DriverDefinition;
  readonly services: DriverServices;
  readonly probe: Probe;
}

const family = (kind: DriverKind): ServiceIdentifier<ScopedDriver<DriverKind>> => Symbol.for(`shiplog.driver.${kind}`);

/**
 * Drivers by family and name. Each plugin is a module of the composition container; each driver is bound by name and
 * constructed on first use, in a scope of its own.
 */
export class DriverRegistry implements Drivers {
  readonly #container: Container;
  readonly #entries = new Map<string, Entry>();
  readonly #begun: ScopedDriver<DriverKind>[] = [];

  constructor(container: Container) {
    this.#container = container;
  }

  /** Binds a plugin's drivers and asks each whether it can run here. */
  async add(plugin: LoadedPlugin, servicesFor: ServicesFor): Promise<void> {
    const { manifest, drivers } = plugin.definition;
    const entries = await Promise.all(
      drivers
        .filter((definition) => definition.manifest.kind !== 'kernel')
        .map(async (definition): Promise<Entry> => {
          const services = await servicesFor(definition.manifest.kind, definition.manifest.name);
          return { plugin: manifest.name, definition, services, probe: await probe(definition, services) };
        }),
    );
    this.#container.load(
      new ContainerModule(({ bind }) => {
        for (const entry of entries) {
          const { kind, name } = entry.definition.manifest;
          if (this.#entries.has(`${kind}/${name}`)) {
            throw new ShiplogError(
              'PLUGIN_INVALID',
              `plugins ${this.#entries.get(`${kind}/${name}`)?.plugin} and ${manifest.name} both provide ${kind}/${name}`,
              { kind, name },
            );
          }
          this.#entries.set(`${kind}/${name}`, entry);
          bind<ScopedDriver<DriverKind>>(family(kind))
            .toDynamicValue(() => instantiate(entry.definition, entry.services))
            .inSingletonScope()
            .onActivation((_, scoped) => {
              this.#begun.push(scoped);
              return scoped;
            })
            .whenNamed(name);
        }
      }),
    );
  }

  get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K] {
    const entry = this.#entries.get(`${kind}/${name}`);
    if (entry === undefined) {
      const names = this.list()
        .filter((driver) => driver.kind === kind)
        .map((driver) => driver.name);
      throw new ShiplogError('DRIVER_NOT_FOUND', `there is no ${kind} driver "${name}"; there is ${names.join(', ') || 'none'}`, {
        kind,
        name,
      });
    }
    if (!entry.probe.usable)
      throw new ShiplogError('DRIVER_UNAVAILABLE', `the ${kind} driver ${name} cannot run here: ${entry.probe.reason}`, { kind, name });
    // What is bound under a family's token has that family's interface.
    return this.#container.get(family(kind), { name }).driver as DriverFamilies[K];
  }

  list(): readonly DriverInfo[] {
    return [...this.#entries.values()].map(({ plugin, definition, probe: answer }) => ({ ...definition.manifest, plugin, probe: answer }));
  }

  /** The first usable of `names`. Throws DRIVER_UNAVAILABLE with every reason. */
  firstUsable(kind: DriverKind, names: readonly string[]): string {
    const reasons: string[] = [];
    for (const name of names) {
      const entry = this.#entries.get(`${kind}/${name}`);
      if (entry?.probe.usable === true) return name;
      reasons.push(`${name}: ${entry === undefined ? 'not installed' : entry.probe.usable ? '' : entry.probe.reason}`);
    }
    throw new ShiplogError('DRIVER_UNAVAILABLE', `no ${kind} driver can run here (${reasons.join('; ')})`, { kind });
  }

  /** Ends the drivers that began, the last first. */
  async dispose(): Promise<void> {
    for (const scoped of this.#begun.toReversed()) await scoped.dispose();
    this.#begun.length = 0;
  }
}

/** The kernel port comes before all else: every other driver is handed it. */
export function findKernel(plugins: readonly LoadedPlugin[], services: Omit<DriverServices, 'kernel'>): ScopedDriver<'kernel'> {
  for (const { definition } of plugins) {
    for (const driver of definition.drivers) {
      if (driver.manifest.kind === 'kernel') return instantiate(driver as DriverDefinition<'kernel'>, { ...services, kernel: NO_KERNEL });
    }
  }
  throw new ShiplogError('DRIVER_NOT_FOUND', 'no plugin provides the kernel port; add @shiplog/kernel-linux', { kind: 'kernel' });
}

/** What the kernel port itself is handed in place of one. */
const NO_KERNEL = new Proxy({} as Kernel, {
  get() {
    throw new ShiplogError('INTERNAL', 'the kernel port asked for a kernel port');
  },
});

async function probe(definition: DriverDefinition, services: DriverServices): Promise<Probe> {
  try {
    return (await definition.probe?.(services)) ?? { usable: true };
  } catch (error) {
    return { usable: false, reason: `its probe failed: ${error instanceof Error ? error.message : String(error)}` };
  }
}
