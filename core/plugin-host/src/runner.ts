import {
  createContext,
  type DriverKind,
  type DriverManifest,
  type Isolation,
  type Probe,
  ShiplogError,
  type VerbKind,
} from '@shiplog/contracts';
import { type DriverServices, instantiate, type PluginDefinition, type ScopedDriver } from '@shiplog/driver-kit';
import { remoteDriver } from '@shiplog/driver-kit/isolation';
import { checkDefinition, type InstalledPlugin, type ModuleLoader } from './find-plugins.ts';
import { followVersions } from './module-versions.ts';
import { GuestSupervisor, type SupervisedGuest } from './guest-supervisor.ts';

/** Makes the services of one driver: its own directories, its own options. */
export type ServicesFor = (kind: DriverKind, name: string) => Promise<DriverServices>;

/** Milliseconds a driver has to say whether it can run here. An engine does not start without its drivers, and machines are busy when they boot. */
const PROBE_MS = 10_000;

/** Milliseconds a guest has to end by itself. */
const END_MS = 2_000;

/** Runs one version of a plugin's code somewhere. */
export interface Runner {
  readonly isolation: Isolation;
  readonly pid?: number | undefined;
  /** How often it ended by itself. */
  readonly ends: number;
  readonly lastFailure: string;
  /** Makes the driver. */
  open(driver: DriverManifest): Promise<ScopedDriver<DriverKind>>;
  /** The same, where the code is here already. */
  openNow?(driver: DriverManifest): ScopedDriver<DriverKind>;
  probe(driver: DriverManifest): Promise<Probe>;
  end(): Promise<void>;
}

/** In the daemon itself. `settle` makes the drivers' directories. `version` tells the imports of one file apart: 0 is the file as it was first seen. */
export class InlineRunner implements Runner {
  readonly isolation = 'inline';
  readonly ends = 0;
  readonly lastFailure = '';
  #definition: Promise<PluginDefinition> | undefined;

  constructor(
    private readonly plugin: InstalledPlugin,
    private readonly loader: ModuleLoader,
    private readonly settle: () => Promise<unknown>,
    private readonly servicesOf: (driver: DriverManifest) => DriverServices,
    private readonly version: number,
  ) {}

  async open(driver: DriverManifest): Promise<ScopedDriver<DriverKind>> {
    await this.settle();
    return instantiate(await this.#definitionOf(driver), this.servicesOf(driver));
  }

  openNow(driver: DriverManifest): ScopedDriver<DriverKind> {
    const { definition } = this.plugin;
    if (definition === undefined || this.version > 0)
      throw new ShiplogError('INTERNAL', `plugin ${this.plugin.manifest.name} is not imported`);
    return instantiate(find(definition, driver), this.servicesOf(driver));
  }

  async probe(driver: DriverManifest): Promise<Probe> {
    await this.settle();
    const definition = await this.#definitionOf(driver);
    return probeWithin(PROBE_MS, async () => (await definition.probe?.(this.servicesOf(driver))) ?? { usable: true });
  }

  async end(): Promise<void> {}

  async #definitionOf(driver: DriverManifest) {
    this.#definition ??= this.#import();
    return find(await this.#definition, driver);
  }

  async #import(): Promise<PluginDefinition> {
    const { definition, module = '', specifier, manifest } = this.plugin;
    if (definition !== undefined && this.version === 0) return definition;
    if (this.version > 0) followVersions();
    const url = this.version === 0 ? module : `${module}?shiplog=${this.version}`;
    const { default: value } = (await this.loader.import(url)) as { readonly default?: unknown };
    const imported = checkDefinition(specifier, value);
    if (imported.manifest.name !== manifest.name)
      throw new ShiplogError(
        'PLUGIN_INVALID',
        `plugin ${specifier} calls itself ${imported.manifest.name}; its package is ${manifest.name}`,
      );
    return imported;
  }
}

/** In a thread or process of its own. */
export class GuestRunner implements Runner {
  readonly isolation: Isolation;
  readonly #supervisor: GuestSupervisor;

  constructor(facts: SupervisedGuest) {
    this.isolation = facts.source.isolation;
    this.#supervisor = new GuestSupervisor(facts);
  }

  get pid(): number | undefined {
    return this.#supervisor.pid;
  }

  get ends(): number {
    return this.#supervisor.ends;
  }

  get lastFailure(): string {
    return this.#supervisor.lastFailure;
  }

  async open({ kind, name }: DriverManifest): Promise<ScopedDriver<DriverKind>> {
    const driver = remoteDriver(kind as VerbKind, (verb, args, ctx) => this.#supervisor.call(`${kind}/${name}`, verb, args, ctx));
    return { driver, dispose: async () => undefined };
  }

  probe({ kind, name }: DriverManifest): Promise<Probe> {
    const signal = AbortSignal.timeout(PROBE_MS);
    return probeWithin(PROBE_MS, async () => {
      const answer = (await this.#supervisor.call(
        `${kind}/${name}`,
        'probe',
        {},
        createContext({ op: 'probe', signal }),
      )) as Partial<Probe>;
      if (answer?.usable === true) return { usable: true };
      return { usable: false, reason: String((answer as { reason?: unknown })?.reason ?? 'it did not say why') };
    });
  }

  end(): Promise<void> {
    return this.#supervisor.stop(END_MS);
  }
}

function find(definition: PluginDefinition, { kind, name }: DriverManifest) {
  const found = definition.drivers.find(({ manifest }) => manifest.kind === kind && manifest.name === name);
  if (found === undefined)
    throw new ShiplogError('PLUGIN_INVALID', `plugin ${definition.manifest.name} has no driver ${kind}/${name} any more`, { kind, name });
  return found;
}

async function probeWithin(ms: number, probe: () => Promise<Probe>): Promise<Probe> {
  const late = Promise.withResolvers<Probe>();
  const timer = setTimeout(() => late.resolve({ usable: false, reason: `its probe did not answer within ${ms / 1000} s` }), ms);
  try {
    return await Promise.race([probe(), late.promise]);
  } catch (error) {
    return { usable: false, reason: `its probe failed: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    clearTimeout(timer);
  }
}
