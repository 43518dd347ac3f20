import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, type Observed, type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import {
  answerAgain,
  bindMountsOf,
  buildDirectory,
  collectRemains,
  copyTree,
  type DriverHome,
  findMountPoint,
  HOME,
  inject,
  injectable,
  KERNEL,
  KeyedLock,
  LOGGER,
  type Logger,
  makeMountPoint,
  namesIn,
  pathExists,
  readLayerRecord,
  removeMountPoint,
  safeRemove,
  syncDirectory,
  throwIfAborted,
  treeUsage,
  unmountPatiently,
  unpackLayer,
  writeLayerRecord,
} from '@shiplog/driver-kit';

type Args<V extends keyof StorageDriver> = Parameters<StorageDriver[V]>[0];
type Answer<V extends keyof StorageDriver> = ReturnType<StorageDriver[V]>;

/**
 * Layers are directories `layers/<key>` below the driver's home, active snapshots are `active/<key>`, each with its files in
 * `tree`. Nothing else is remembered: what the directories say is so.
 */
@injectable()
export class CopyDriver implements StorageDriver {
  readonly #turns = new KeyedLock();
  readonly #layers: string;
  readonly #active: string;
  #ready: Promise<void> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) private readonly home: DriverHome,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#layers = join(home.stateDir, 'layers');
    this.#active = join(home.stateDir, 'active');
  }

  applyLayer({ key, parent, diffId, source }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    return this.#turn(key, ctx, async () => {
      const present = await readLayerRecord(join(this.#layers, key));
      if (present !== undefined) return answerAgain(key, present, diffId);
      // Whole or not at all: it is made under another name, synced, and renamed.
      let bytes = 0;
      await buildDirectory(this.home.stateDir, join(this.#layers, key), async (directory) => {
        const root = join(directory, 'tree');
        await this.#copyParent(parent, root, ctx.signal);
        ({ bytes } = await unpackLayer({ kernel: this.kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal }));
        await writeLayerRecord(directory, { diffId, bytes });
      });
      return { diffId, bytes };
    });
  }

  prepare({ key, parent }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#turn(key, ctx, async () => {
      if (await pathExists(join(this.#active, key))) return {};
      await buildDirectory(this.home.stateDir, join(this.#active, key), async (directory) => {
        await this.#copyParent(parent, join(directory, 'tree'), ctx.signal);
        await this.kernel.files.syncFilesystem(directory);
      });
      return {};
    });
  }

  mount({ key, target }: Args<'mount'>, ctx: OperationContext): Answer<'mount'> {
    return this.#turn(key, ctx, async () => {
      const source = join(this.#active, key, 'tree');
      if (!(await pathExists(source))) throw notFound(key);
      const { path, made } = await makeMountPoint(target);
      const mount = { type: 'bind', source, target: path, options: ['bind', 'private'] };
      if (!(await this.#isMounted(key, path))) {
        try {
          await this.kernel.mounts.mount(mount);
        } catch (error) {
          if (made) await removeMountPoint(path);
          throw error;
        }
      }
      return { mounts: [{ ...mount, target }] };
    });
  }

  unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#turn(key, ctx, async () => {
      const path = await findMountPoint(target);
      if (path !== undefined) await this.#hide(key, path);
      return {};
    });
  }

  remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#turn(key, ctx, async () => {
      for (const mount of await this.#mounts()) if (mount.key === key) await this.#hide(key, mount.target);
      for (const kind of [this.#layers, this.#active]) {
        await safeRemove(join(kind, key), this.home.stateDir);
        await syncDirectory(kind);
      }
      return {};
    });
  }

  usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#turn(key, ctx, async () => {
      for (const kind of [this.#active, this.#layers]) if (await pathExists(join(kind, key))) return treeUsage(join(kind, key, 'tree'));
      throw notFound(key);
    });
  }

  async observe(): Promise<readonly Observed[]> {
    const snapshots = [...(await namesIn(this.#layers)), ...(await namesIn(this.#active))];
    const mounts = await this.#mounts();
    return [...snapshots.map((id) => ({ resource: 'snapshot', id })), ...mounts.map(({ key }) => ({ resource: 'mount', id: key }))];
  }

  /** Calls for one key take turns. The very first call deletes what a crash has left half done. */
  async #turn<T>(key: string, ctx: OperationContext, work: () => Promise<T>): Promise<T> {
    await (this.#ready ??= this.#begin());
    return this.#turns.run(key, async () => {
      throwIfAborted(ctx.signal);
      try {
        return await work();
      } catch (error) {
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: 'copy', key });
      }
    });
  }

  async #begin(): Promise<void> {
    await collectRemains(this.home.stateDir);
    for (const kind of [this.#layers, this.#active]) await mkdir(kind, { recursive: true, mode: 0o700 });
  }

  async #copyParent(parent: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (parent === undefined) return void (await mkdir(to, 0o755));
    const from = join(this.#layers, parent, 'tree');
    if (!(await pathExists(from))) throw notFound(parent);
    await copyTree({ kernel: this.kernel, from, to, signal });
  }

  /** Where snapshots are mounted, as the kernel's own table says. */
  async #mounts(): Promise<readonly { readonly key: string; readonly target: string }[]> {
    if (!(await pathExists(this.#active))) return [];
    const binds = bindMountsOf(await this.kernel.mounts.list(), await realpath(this.#active));
    return binds.map(({ path, target }) => ({ key: path.split('/')[0] ?? '', target }));
  }

  /** Throws when something else is mounted there: it is not this driver's to cover or to take away. */
  async #isMounted(key: string, path: string): Promise<boolean> {
    if ((await this.#mounts()).some((mount) => mount.key === key && mount.target === path)) return true;
    if (!(await this.kernel.mounts.list()).some((mount) => mount.target === path)) return false;
    throw new ShiplogError('DRIVER_FAILED', `something else is mounted at ${path}`, { key, target: path });
  }

  async #hide(key: string, path: string): Promise<void> {
    while (await this.#isMounted(key, path)) await unmountPatiently(this.kernel, this.logger, path);
    await removeMountPoint(path);
  }
}

function notFound(key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${key}`, { key });
}
