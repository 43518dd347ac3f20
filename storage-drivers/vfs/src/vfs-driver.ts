import { mkdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, type MountInfo, type Observed, type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import {
  HOME,
  KERNEL,
  KeyedLock,
  LOGGER,
  type DriverHome,
  type Logger,
  answerAgain,
  bindMountsOf,
  buildDirectory,
  collectRemains,
  copyTree,
  findMountPoint,
  inject,
  injectable,
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
 * The reference storage driver: read it before you write one.
 *
 * Every snapshot is a whole tree of its own, a full copy of its parent's. That is slow and takes space, needs nothing of
 * the host but a directory, and leaves nothing to explain but how a storage driver goes about its work.
 *
 * ## What is on disk
 * ```
 * <stateDir>/layers/<key>/tree/         a layer's files
 * <stateDir>/layers/<key>/layer.json    its diff id and size, so that applying it again costs nothing
 * <stateDir>/active/<key>/tree/         an active snapshot's files
 * <stateDir>/tmp-*                      something under construction
 * <stateDir>/rm-*                       something under deletion
 * ```
 * The directory is the truth: the driver keeps no list, so there is none to disagree with it.
 *
 * ## How it survives a crash
 * What has its final name is whole. A snapshot is built as `tmp-*`, synced, and renamed into place: rename(2) happens or
 * does not. It is deleted the other way round: renamed to `rm-*`, then deleted. So whatever a crash leaves is either as
 * before, as after, or bears a name by which the first verb after the restart knows and deletes it.
 *
 * ## How it is repeatable
 * Each verb looks first whether the world is already as asked, and is then done. Calls for one key take turns, so that
 * nobody looks while another is changing it.
 */
@injectable()
export class VfsDriver implements StorageDriver {
  readonly #kernel: Kernel;
  readonly #logger: Logger;
  readonly #stateDir: string;
  readonly #layers: string;
  readonly #active: string;
  readonly #turns = new KeyedLock();
  #ready: Promise<void> | undefined;

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    this.#kernel = kernel;
    this.#logger = logger;
    this.#stateDir = home.stateDir;
    this.#layers = join(home.stateDir, 'layers');
    this.#active = join(home.stateDir, 'active');
  }

  /** A layer is its parent's tree with the tar's changes made in it. */
  async applyLayer({ key, parent, diffId, source }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    return this.#turn(key, ctx, async () => {
      const present = await readLayerRecord(join(this.#layers, key));
      if (present !== undefined) return answerAgain(key, present, diffId);
      const record = { diffId, bytes: 0 };
      await buildDirectory(this.#stateDir, join(this.#layers, key), async (directory) => {
        const root = join(directory, 'tree');
        await this.#copyParent(parent, root, ctx.signal);
        // Syncs what was copied before it, too.
        const written = await unpackLayer({ kernel: this.#kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal });
        if (written.unsupportedXattrs.length > 0) {
          this.#logger.warn('extended attributes were left out: the file system has none', { key, names: written.unsupportedXattrs });
        }
        record.bytes = written.bytes;
        await writeLayerRecord(directory, record);
      });
      return record;
    });
  }

  /** An active snapshot is a copy of its parent that a container may change. */
  async prepare({ key, parent }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#turn(key, ctx, async () => {
      if (await pathExists(join(this.#active, key))) return {};
      await buildDirectory(this.#stateDir, join(this.#active, key), async (directory) => {
        await this.#copyParent(parent, join(directory, 'tree'), ctx.signal);
        await this.#kernel.files.syncFilesystem(directory);
      });
      return {};
    });
  }

  /** The tree is where it is; a bind mount (mount(2), MS_BIND) shows it at the target as well. */
  async mount({ key, target }: Args<'mount'>, ctx: OperationContext): Answer<'mount'> {
    return this.#turn(key, ctx, async () => {
      const source = join(this.#active, key, 'tree');
      if (!(await pathExists(source))) throw notFound(`there is no active snapshot ${key}`, key);
      const { path, made } = await makeMountPoint(target);
      // Private: what is mounted in the tree later is nobody else's business.
      const mount = { type: 'bind', source, target: path, options: ['bind', 'private'] };
      if (!(await this.#isMounted(key, path))) {
        try {
          await this.#kernel.mounts.mount(mount);
        } catch (error) {
          if (made) await removeMountPoint(path);
          throw error;
        }
      }
      return { mounts: [{ ...mount, target }] };
    });
  }

  async unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#turn(key, ctx, async () => {
      const path = await findMountPoint(target);
      if (path !== undefined) await this.#hide(key, path);
      return {};
    });
  }

  /** A snapshot that is still mounted somewhere is unmounted first: a mount of deleted files would be of no use. */
  async remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#turn(key, ctx, async () => {
      for (const mount of await this.#mounts()) if (mount.key === key) await this.#hide(key, mount.target);
      for (const kind of [this.#layers, this.#active]) {
        if (!(await pathExists(join(kind, key)))) continue;
        await safeRemove(join(kind, key), this.#stateDir);
        await syncDirectory(kind);
      }
      return {};
    });
  }

  /** Everything a snapshot shows is its own here, so all of it counts. */
  async usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#turn(key, ctx, async () => {
      for (const kind of [this.#active, this.#layers]) {
        if (await pathExists(join(kind, key))) return treeUsage(join(kind, key, 'tree'));
      }
      throw notFound(`there is no snapshot ${key}`, key);
    });
  }

  /** Reads only: what an interrupted verb left is not listed here, the next verb deletes it. */
  async observe(): Promise<readonly Observed[]> {
    const snapshots = [...(await namesIn(this.#layers)), ...(await namesIn(this.#active))];
    const mounts = await this.#mounts();
    return [...snapshots.map((id) => ({ resource: 'snapshot', id })), ...mounts.map(({ key }) => ({ resource: 'mount', id: key }))];
  }

  /** Waits for the key's turn; before the very first, tidies up after the driver's former self. */
  async #turn<T>(key: string, ctx: OperationContext, work: () => Promise<T>): Promise<T> {
    this.#ready ??= this.#begin();
    try {
      await this.#ready;
    } catch (error) {
      this.#ready = undefined;
      throw error;
    }
    return this.#turns.run(key, async () => {
      throwIfAborted(ctx.signal);
      try {
        return await work();
      } catch (error) {
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: 'vfs', key });
      }
    });
  }

  async #begin(): Promise<void> {
    const remains = await collectRemains(this.#stateDir);
    if (remains.length > 0) this.#logger.info('deleted what interrupted work had left', { names: remains });
    await mkdir(this.#layers, { recursive: true, mode: 0o700 });
    await mkdir(this.#active, { recursive: true, mode: 0o700 });
  }

  async #copyParent(parent: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (parent === undefined) return void (await mkdir(to, 0o755));
    const from = join(this.#layers, parent, 'tree');
    if (!(await pathExists(from))) throw notFound(`there is no layer ${parent} to build on`, parent);
    await copyTree({ kernel: this.#kernel, from, to, signal });
  }

  /** Every place where an active snapshot is mounted, told from the kernel's own table. */
  async #mounts(table?: readonly MountInfo[]): Promise<readonly { readonly key: string; readonly target: string }[]> {
    if (!(await pathExists(this.#active))) return [];
    const binds = bindMountsOf(table ?? (await this.#kernel.mounts.list()), await realpath(this.#active));
    return binds.flatMap(({ path, target }) => {
      const [key, tree, ...rest] = path.split('/');
      return key !== undefined && tree === 'tree' && rest.length === 0 ? [{ key, target }] : [];
    });
  }

  /** Throws when something else is mounted there: it is not this driver's to cover or to take away. */
  async #isMounted(key: string, path: string): Promise<boolean> {
    const table = await this.#kernel.mounts.list();
    if (!table.some((mount) => mount.target === path)) return false;
    if ((await this.#mounts(table)).some((mount) => mount.key === key && mount.target === path)) return true;
    throw new ShiplogError('DRIVER_FAILED', `something else is mounted at ${path}`, { key, target: path });
  }

  async #hide(key: string, path: string): Promise<void> {
    while (await this.#isMounted(key, path)) await unmountPatiently(this.#kernel, this.#logger, path);
    await removeMountPoint(path);
  }
}

function notFound(message: string, key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', message, { key });
}
