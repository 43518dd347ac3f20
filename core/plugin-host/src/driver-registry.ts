import { type Container, ContainerModule, type ServiceIdentifier } from 'inversify';
import { type DriverFamilies, type DriverInfo, type DriverKind, ShiplogError } from '@shiplog/contracts';
import type { Drivers } from '@shiplog/engine';
import type { HostedPlugin } from './hosted-plugin.ts';
import type { LiveDriver } from './live-driver.ts';

const family = (kind: DriverKind): ServiceIdentifier<LiveDriver> => Symbol.for(`shiplog.driver.${kind}`);

/** Who answers instead of a driver: another one of its family, or itself, seen through `wrap`. */
export interface StandIn<K extends DriverKind> {
  readonly by: string;
  wrap(driver: DriverFamilies[K]): DriverFamilies[K];
}

/**
 * Plugins by name, and their drivers by family and name. Each plugin is a module of the composition container; each driver's place
 * is bound by its name. Drivers are made on first use, and may be replaced while they are used.
 */
export class DriverRegistry implements Drivers {
  readonly #container: Container;
  readonly #plugins = new Map<string, HostedPlugin>();
  readonly #owners = new Map<string, HostedPlugin>();
  readonly #standIns = new Map<string, StandIn<DriverKind>>();

  constructor(container: Container) {
    this.#container = container;
  }

  /** Binds a plugin's drivers. Those whose code is here are asked whether they can run. Throws PLUGIN_INVALID if another provides one. */
  async add(plugin: HostedPlugin): Promise<void> {
    const { name } = plugin.installed.manifest;
    if (this.#plugins.has(name)) throw new ShiplogError('PLUGIN_INVALID', `plugin ${name} is installed twice`, { plugin: name });
    for (const key of plugin.drivers.keys()) {
      const other = this.#owners.get(key);
      if (other !== undefined)
        throw new ShiplogError('PLUGIN_INVALID', `plugins ${other.installed.manifest.name} and ${name} both provide ${key}`, {
          driver: key,
        });
    }
    this.#plugins.set(name, plugin);
    for (const key of plugin.drivers.keys()) this.#owners.set(key, plugin);
    this.#container.load(
      new ContainerModule(({ bind }) => {
        for (const { live, info } of plugin.drivers.values())
          bind<LiveDriver>(family(info.kind)).toConstantValue(live).whenNamed(info.name);
      }),
    );
    if (plugin.installed.definition !== undefined && plugin.info.isolation === 'inline') await plugin.probe();
  }

  /** From now on, who asks for `name` gets the stand-in and is told what that one can do. `name` itself need not be installed. */
  substitute<K extends DriverKind>(kind: K, name: string, standIn: StandIn<K>): void {
    this.#find(kind, standIn.by);
    // What is kept under a family's key has that family's interface.
    this.#standIns.set(`${kind}/${name}`, standIn as unknown as StandIn<DriverKind>);
  }

  get<K extends DriverKind>(kind: K, name: string): DriverFamilies[K] {
    const standIn = this.#standIns.get(`${kind}/${name}`);
    if (standIn === undefined) return this.#own(kind, name);
    return standIn.wrap(this.#own(kind, standIn.by)) as DriverFamilies[K];
  }

  #own<K extends DriverKind>(kind: K, name: string): DriverFamilies[K] {
    const info = this.#find(kind, name);
    if (!info.probe.usable)
      throw new ShiplogError('DRIVER_UNAVAILABLE', `the ${kind} driver ${name} cannot run here: ${info.probe.reason}`, { kind, name });
    // What is bound under a family's token has that family's interface.
    return this.#container.get(family(kind), { name }).facade as DriverFamilies[K];
  }

  list(): readonly DriverInfo[] {
    const own = [...this.#owners].filter(([key]) => !this.#standIns.has(key)).map(([key, plugin]) => infoIn(plugin, key));
    const standIns = [...this.#standIns].map(([key, { by }]) => {
      const [kind, name] = key.split('/') as [DriverKind, string];
      return { ...this.#find(kind, by), name };
    });
    return [...own, ...standIns];
  }

  /** Loads a driver's code, if that has not been done: from then on it is known whether it can run. Throws if it cannot. */
  async prepare(kind: DriverKind, name: string): Promise<void> {
    this.get(kind, name);
    const key = `${kind}/${this.#standIns.get(`${kind}/${name}`)?.by ?? name}`;
    await this.#owners.get(key)?.drivers.get(key)?.live.open();
  }

  /** The first usable of `names`. Throws DRIVER_UNAVAILABLE with every reason. */
  firstUsable(kind: DriverKind, names: readonly string[]): string {
    const reasons: string[] = [];
    for (const name of names) {
      const probe = this.list().find((driver) => driver.kind === kind && driver.name === name)?.probe;
      if (probe?.usable === true) return name;
      reasons.push(`${name}: ${probe === undefined ? 'not installed' : probe.usable ? '' : probe.reason}`);
    }
    throw new ShiplogError('DRIVER_UNAVAILABLE', `no ${kind} driver can run here (${reasons.join('; ')})`, { kind });
  }

  /** Throws PLUGIN_NOT_FOUND. */
  plugin(name: string): HostedPlugin {
    const plugin = this.#plugins.get(name);
    if (plugin === undefined)
      throw new ShiplogError('PLUGIN_NOT_FOUND', `there is no plugin "${name}"; there is ${[...this.#plugins.keys()].join(', ')}`, {
        plugin: name,
      });
    return plugin;
  }

  get plugins(): readonly HostedPlugin[] {
    return [...this.#plugins.values()];
  }

  /** Ends the drivers, the last plugin first. */
  async dispose(): Promise<void> {
    for (const plugin of this.plugins.toReversed()) await plugin.dispose();
  }

  #find(kind: DriverKind, name: string): DriverInfo {
    const plugin = this.#owners.get(`${kind}/${name}`);
    if (plugin !== undefined) return infoIn(plugin, `${kind}/${name}`);
    const names = this.list()
      .filter((driver) => driver.kind === kind)
      .map((driver) => driver.name);
    throw new ShiplogError('DRIVER_NOT_FOUND', `there is no ${kind} driver "${name}"; there is ${names.join(', ') || 'none'}`, {
      kind,
      name,
    });
  }
}

function infoIn(plugin: HostedPlugin, key: string): DriverInfo {
  const driver = plugin.drivers.get(key);
  if (driver === undefined)
    throw new ShiplogError('INTERNAL', `plugin ${plugin.installed.manifest.name} lost its driver ${key}`, { driver: key });
  return driver.info;
}
