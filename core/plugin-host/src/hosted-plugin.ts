import {
  type DriverInfo,
  type DriverKind,
  type DriverManifest,
  type Observed,
  type PluginInfo,
  type Probe,
  type Reloaded,
  ShiplogError,
} from '@shiplog/contracts';
import type { ScopedDriver } from '@shiplog/driver-kit';
import type { InstalledPlugin } from './find-plugins.ts';
import { LiveDriver } from './live-driver.ts';
import type { PluginLines } from './plugin-lines.ts';
import type { Runner } from './runner.ts';

interface HostedDriver {
  readonly live: LiveDriver;
  info: DriverInfo;
}

/** Milliseconds of a reload in which a driver has to say what it sees. */
const ADOPT_MS = 10_000;

/** One installed plugin with its drivers' places. Its code runs once something needs it. */
export class HostedPlugin {
  readonly installed: InstalledPlugin;
  readonly lines: PluginLines;
  readonly drivers: ReadonlyMap<string, HostedDriver>;
  readonly #makeRunner: (version: number) => Runner;
  #runner: Runner;
  #reloads = 0;
  /** Starts, stops and reloads take turns. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(installed: InstalledPlugin, lines: PluginLines, makeRunner: (version: number) => Runner) {
    this.installed = installed;
    this.lines = lines;
    this.#makeRunner = makeRunner;
    this.#runner = makeRunner(0);
    const here = installed.definition !== undefined && this.#runner.openNow !== undefined;
    this.drivers = new Map(
      installed.manifest.drivers
        .filter(({ kind }) => kind !== 'kernel')
        .map((manifest) => {
          const live = here
            ? new LiveDriver(
                () => this.#open(manifest),
                () => this.#openNow(manifest),
              )
            : new LiveDriver(() => this.#open(manifest));
          const info: DriverInfo = { ...manifest, plugin: installed.manifest.name, probe: { usable: true }, loaded: false };
          return [`${manifest.kind}/${manifest.name}`, { live, info }];
        }),
    );
  }

  get info(): PluginInfo {
    const { manifest, specifier } = this.installed;
    const { isolation, pid, ends, lastFailure } = this.#runner;
    const open = [...this.drivers.values()].some(({ live }) => live.isOpen);
    const failing = ends > 0 && pid === undefined && isolation !== 'inline' && lastFailure !== '';
    return {
      name: manifest.name,
      version: manifest.version,
      specifier,
      isolation,
      status: failing ? 'failing' : open ? 'running' : 'idle',
      ...(pid === undefined ? {} : { pid }),
      ends,
      ...(lastFailure === '' ? {} : { lastFailure }),
      reloads: this.#reloads,
      drivers: [...this.drivers.values()].map(({ info }) => info),
    };
  }

  /** Asks every driver whether it can run here, and keeps the answers. */
  async probe(): Promise<void> {
    await Promise.all(
      [...this.drivers.values()].map(async (driver) => {
        driver.info = { ...driver.info, probe: await this.#runner.probe(driver.info), loaded: true };
      }),
    );
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      await this.probe();
      this.#refuseUnusable([...this.drivers.values()].map(({ info }) => info));
      for (const { live } of this.drivers.values()) await live.open();
    });
  }

  stop(): Promise<void> {
    return this.#inTurn(async () => {
      for (const { live } of [...this.drivers.values()].toReversed()) await live.close();
      await this.#runner.end();
      this.#reloads += 1;
      this.#runner = this.#makeRunner(this.#reloads);
    });
  }

  reload(): Promise<Reloaded> {
    return this.#inTurn(async () => {
      const began = performance.now();
      const next = this.#makeRunner(this.#reloads + 1);
      const opened: { readonly driver: HostedDriver; readonly scoped: ScopedDriver<DriverKind>; readonly probe: Probe }[] = [];
      const missing: string[] = [];
      const added: string[] = [];
      try {
        for (const [key, driver] of this.drivers) {
          const probe = await next.probe(driver.info);
          this.#refuseUnusable([{ ...driver.info, probe }]);
          const scoped = await next.open(driver.info);
          opened.push({ driver, scoped, probe });
          const [before, after] = [
            await seenBy(key, driver.live.isOpen ? driver.live.facade : undefined),
            await seenBy(key, scoped.driver),
          ];
          if (before === undefined || after === undefined) continue;
          missing.push(...before.filter((one) => !after.includes(one)));
          added.push(...after.filter((one) => !before.includes(one)));
        }
      } catch (error) {
        for (const { scoped } of opened) await scoped.dispose();
        await next.end();
        throw error;
      }
      const former = this.#runner;
      this.#runner = next;
      this.#reloads += 1;
      const vacated = opened.map(({ driver, scoped, probe }) => {
        driver.info = { ...driver.info, probe, loaded: true };
        return driver.live.replace(scoped);
      });
      // Calls under way in the old code end there; nobody waits for them.
      void Promise.all(vacated)
        .then(() => former.end())
        .catch((error: unknown) => this.lines.add('error', 'the former version did not end well', { error: String(error) }));
      const ms = Math.round((performance.now() - began) * 10) / 10;
      this.lines.add('info', 'plugin reloaded', { ms, missing, added });
      return { ms, missing, added };
    });
  }

  async dispose(): Promise<void> {
    for (const { live } of [...this.drivers.values()].toReversed()) await live.close();
    await this.#runner.end();
  }

  /** For drivers whose code was not needed so far: now it is known whether they can run. */
  async #open(manifest: DriverManifest): Promise<ScopedDriver<DriverKind>> {
    const driver = this.drivers.get(`${manifest.kind}/${manifest.name}`);
    if (driver !== undefined && driver.info.loaded === false)
      driver.info = { ...driver.info, probe: await this.#runner.probe(manifest), loaded: true };
    if (driver !== undefined) this.#refuseUnusable([driver.info]);
    return this.#runner.open(manifest);
  }

  #openNow(manifest: DriverManifest): ScopedDriver<DriverKind> {
    const { openNow } = this.#runner;
    if (openNow === undefined) throw new ShiplogError('INTERNAL', `plugin ${this.installed.manifest.name} is not imported`);
    return openNow.call(this.#runner, manifest);
  }

  #refuseUnusable(drivers: readonly DriverInfo[]): void {
    for (const { kind, name, probe } of drivers)
      if (!probe.usable)
        throw new ShiplogError('DRIVER_UNAVAILABLE', `the ${kind} driver ${name} cannot run here: ${probe.reason}`, { kind, name });
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }
}

/** What a driver sees on the host, as text; undefined for families that hold nothing there. */
async function seenBy(key: string, driver: object | undefined): Promise<readonly string[] | undefined> {
  if (driver === undefined || /^(authorizer|projection|api|vault|image-source|name-server)\//.test(key)) return undefined;
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ShiplogError('DEADLINE_EXCEEDED', `driver ${key} did not say what it sees`)), ADOPT_MS);
  try {
    const found = await Promise.race([(driver as { observe(): Promise<readonly Observed[]> }).observe(), late.promise]);
    return found.map(({ resource, id }) => `${key} ${resource} ${id}`);
  } finally {
    clearTimeout(timer);
  }
}
