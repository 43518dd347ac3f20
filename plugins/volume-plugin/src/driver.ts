import { join } from 'node:path';
import {
  Consumers,
  type DriverHome,
  type DriverOptions,
  HOME,
  inject,
  injectable,
  KERNEL,
  KeyedLock,
  OPTIONS,
  seedVolume,
} from '@shiplog/driver-kit';
import { type Kernel, type Observed, type OperationContext, ShiplogError, type VolumeDriver } from '@shiplog/contracts';
import { findPlugin } from './find-plugin.ts';
import { PluginClient } from './plugin-client.ts';

type Args<V extends keyof VolumeDriver> = VolumeDriver[V] extends (args: infer A, ctx: never) => unknown ? A : never;

const SOCKETS = '/run/docker/plugins';
const SPECS = '/etc/docker/plugins:/usr/lib/docker/plugins';

/**
 * Stands for every volume driver that is a plugin of Docker's protocol. A plugin counts its mounts by the id it is given, which is the
 * consumer's; this driver keeps a note of each, so that one whose container is gone can be taken back.
 */
@injectable()
export class PluginVolumeDriver implements VolumeDriver {
  readonly #consumers: Consumers;
  /** Mounts that a plugin was asked for or to end, and did not answer yet: after a crash nobody knows whether it has them. */
  readonly #unsure: Consumers;
  readonly #turns = new KeyedLock();
  readonly #clients = new Map<string, PluginClient>();

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
    @inject(OPTIONS) private readonly options: DriverOptions,
  ) {
    this.#consumers = new Consumers(home.runDir);
    this.#unsure = new Consumers(join(home.runDir, 'unsure'));
  }

  async create({ name, driver, options }: Args<'create'>, { signal }: OperationContext): Promise<{ mountpoint?: string }> {
    const plugin = await this.#plugin(driver);
    const existing = await this.#get(plugin, name, signal);
    if (existing === undefined) await plugin.call('Create', { Name: name, Opts: options }, signal);
    const { Mountpoint: mountpoint } = existing ?? (await plugin.call('Path', { Name: name }, signal));
    return typeof mountpoint === 'string' && mountpoint !== '' ? { mountpoint } : {};
  }

  publish({ name, driver, consumer, seed }: Args<'publish'>, { signal }: OperationContext): Promise<{ path: string }> {
    return this.#turns.run(`${driver}/${name}`, async () => {
      const plugin = await this.#plugin(driver);
      await this.#unsure.add(name, consumer);
      await this.#consumers.add(name, consumer);
      const { Mountpoint: path } = await plugin.call('Mount', { Name: name, ID: consumer }, signal);
      await this.#unsure.remove(name, consumer);
      if (typeof path !== 'string' || !path.startsWith('/')) {
        throw new ShiplogError(
          'DRIVER_FAILED',
          `VolumeDriver.Mount: plugin "${driver}" answered no path but ${JSON.stringify(path ?? null)}`,
          {
            kind: 'volume',
            name: driver,
            verb: 'Mount',
          },
        );
      }
      if (seed !== undefined) await seedVolume({ kernel: this.kernel, seed, to: path, signal });
      return { path };
    });
  }

  unpublish({ name, driver, consumer }: Args<'unpublish'>, { signal }: OperationContext): Promise<Record<string, never>> {
    return this.#turns.run(`${driver}/${name}`, async () => {
      if ((await this.#consumers.of(name)).includes(consumer)) {
        await this.#unmount(await this.#plugin(driver), name, consumer, signal);
        await this.#consumers.remove(name, consumer);
      }
      await this.#unsure.remove(name, consumer);
      return {};
    });
  }

  async remove({ name, driver }: Args<'remove'>, { signal }: OperationContext): Promise<Record<string, never>> {
    const plugin = await this.#plugin(driver);
    try {
      await plugin.call('Remove', { Name: name }, signal);
    } catch (error) {
      // One that is not there is removed.
      if ((await this.#get(plugin, name, signal)) !== undefined) throw error;
    }
    await this.#consumers.forget(name);
    await this.#unsure.forget(name);
    return {};
  }

  observe(): Promise<readonly Observed[]> {
    return this.#consumers.observe();
  }

  /** Plugins refuse to end a mount that they do not have: right where nobody knows whether they do, and a failure elsewhere. */
  async #unmount(plugin: PluginClient, name: string, consumer: string, signal: AbortSignal): Promise<void> {
    const isUnsure = (await this.#unsure.of(name)).includes(consumer);
    await this.#unsure.add(name, consumer);
    try {
      await plugin.call('Unmount', { Name: name, ID: consumer }, signal);
    } catch (error) {
      const isRefused = error instanceof ShiplogError && error.code === 'DRIVER_FAILED';
      if (isRefused && !isUnsure) await this.#unsure.remove(name, consumer);
      if (!isRefused || !isUnsure) throw error;
    }
  }

  /** The volume as the plugin has it. Docker's plugins say that there is none by an error of their own words. */
  async #get(plugin: PluginClient, name: string, signal: AbortSignal): Promise<{ readonly [field: string]: unknown } | undefined> {
    try {
      const { Volume: volume } = await plugin.call('Get', { Name: name }, signal);
      return typeof volume === 'object' && volume !== null ? (volume as { readonly [field: string]: unknown }) : undefined;
    } catch (error) {
      if (error instanceof ShiplogError && error.code === 'DRIVER_FAILED') return undefined;
      throw error;
    }
  }

  /** Found anew each time: a plugin may have moved. The client stays while its address does. */
  async #plugin(name: string): Promise<PluginClient> {
    const address = await findPlugin(
      name,
      this.options['socket-directory'] ?? SOCKETS,
      (this.options['spec-directories'] ?? SPECS).split(':'),
    );
    const key = `${name} ${address.socketPath ?? `${address.host}:${address.port}`}`;
    const client = this.#clients.get(key) ?? new PluginClient(name, address);
    this.#clients.set(key, client);
    return client;
  }
}
