import { lstat, mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, type MountInfo, type Observed, type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import {
  HOME,
  KERNEL,
  KeyedLock,
  LOGGER,
  type DriverHome,
  type Logger,
  type TreeUsage,
  answerAgain,
  buildDirectory,
  collectRemains,
  copyAttributes,
  errnoOf,
  findMountPoint,
  inject,
  injectable,
  makeMountPoint,
  mirrorTree,
  namesIn,
  pathExists,
  readLayerRecord,
  removeMountPoint,
  safeRemove,
  temporaryPath,
  throwIfAborted,
  treeChanges,
  treeUsage,
  unmountPatiently,
  unpackLayer,
  withoutQuota,
  writeDurably,
  writeLayerRecord,
} from '@shiplog/driver-kit';
import { EMPTY, dropDanglingLinks, linkLayer, lowerdir, readLower, shortName, unlinkLayer, withLowerdir } from './lower-chain.ts';

type Args<V extends keyof StorageDriver> = Parameters<StorageDriver[V]>[0];
type Answer<V extends keyof StorageDriver> = ReturnType<StorageDriver[V]>;

/**
 * No index: layers are shared by mounts that come and go, and an index remembers inodes. No metadata-only copies: what is
 * in an upper directory is whole, and can be read without the layers below.
 */
const OPTIONS_ALWAYS = ['index=off', 'metacopy=off'];

/**
 * Storage over the kernel's overlay file system: a layer holds only its own changes, an active snapshot shares all layers
 * below it, and copies a file up when it is first changed. Its sibling vfs tells how a storage driver works; this is what
 * differs.
 *
 * ## What is on disk
 * ```
 * <stateDir>/layers/<key>/diff/        the layer's own entries, with overlayfs's marks for what it deletes
 * <stateDir>/layers/<key>/lower        short names of the layers below, topmost first, separated by `:`
 * <stateDir>/layers/<key>/layer.json   diff id and size
 * <stateDir>/active/<key>/diff/        what the container changed (overlayfs's upper directory)
 * <stateDir>/active/<key>/work/        overlayfs's own
 * <stateDir>/active/<key>/lower        as above
 * <stateDir>/l/<short name>            → ../layers/<key>/diff
 * <stateDir>/empty/                    stands below a snapshot without a parent
 * ```
 *
 * ## How a layer is written
 * On a parent, through an overlay mounted for the purpose: deletions, hard links into lower layers, symbolic links that
 * lead through them and directories that the tar takes for granted then mean what they mean in a whole tree, and the kernel
 * writes its own marks. That mount is `volatile`, since unmounting would else sync the whole disk; one syncfs(2) follows. So is that of an ephemeral
 * snapshot, which nothing follows.
 */
@injectable()
export class OverlayDriver implements StorageDriver {
  readonly #kernel: Kernel;
  readonly #logger: Logger;
  readonly #stateDir: string;
  readonly #layers: string;
  readonly #active: string;
  readonly #links: string;
  readonly #empty: string;
  readonly #turns = new KeyedLock();
  /** Layers do not change, so each is measured once. */
  readonly #layerUsage = new Map<string, TreeUsage>();
  #ready: Promise<void> | undefined;

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(LOGGER) logger: Logger) {
    this.#kernel = kernel;
    this.#logger = logger;
    this.#stateDir = home.stateDir;
    this.#layers = join(home.stateDir, 'layers');
    this.#active = join(home.stateDir, 'active');
    this.#links = join(home.stateDir, 'l');
    this.#empty = join(home.stateDir, EMPTY);
  }

  async applyLayer({ key, parent, diffId, source }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    return this.#turn(key, ctx, async () => {
      const present = await readLayerRecord(join(this.#layers, key));
      if (present !== undefined) return answerAgain(key, present, diffId);
      const chain = await this.#chain(parent);
      const record = { diffId, bytes: 0 };
      // Before the layer itself: a link without a layer is recognised, a layer without a link is not.
      await linkLayer(this.#links, key);
      try {
        await buildDirectory(this.#stateDir, join(this.#layers, key), async (directory) => {
          await this.#makeDiff(directory, chain);
          const written = await this.#write(directory, chain, (root) =>
            unpackLayer({ kernel: this.#kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal }),
          );
          record.bytes = written.bytes;
          if (written.unsupportedXattrs.length > 0) {
            this.#logger.warn('extended attributes were left out: the file system has none', { key, names: written.unsupportedXattrs });
          }
          await writeDurably(join(directory, 'lower'), chain.join(':'));
          await writeLayerRecord(directory, record);
        });
      } catch (error) {
        await unlinkLayer(this.#links, key);
        throw error;
      }
      return record;
    });
  }

  async prepare({ key, parent, ephemeral = false, sizeBytes, like }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#turn(key, ctx, async () => {
      if (sizeBytes !== undefined) throw withoutQuota('overlay', key);
      if (await pathExists(join(this.#active, key))) return {};
      const chain = await this.#chain(parent);
      await buildDirectory(
        this.#stateDir,
        join(this.#active, key),
        async (directory) => {
          await this.#makeDiff(directory, chain);
          if (like !== undefined) {
            await this.#write(directory, chain, (root) => mirrorTree({ kernel: this.#kernel, from: like, to: root, signal: ctx.signal }));
            await this.#kernel.files.syncFilesystem(join(directory, 'diff'));
          }
          await mkdir(join(directory, 'work'), 0o700);
          const write = ephemeral ? writeFile : writeDurably;
          await write(join(directory, 'lower'), chain.join(':'));
        },
        { durable: !ephemeral },
      );
      return {};
    });
  }

  async mount({ key, target, ephemeral = false }: Args<'mount'>, ctx: OperationContext): Answer<'mount'> {
    return this.#turn(key, ctx, async () => {
      const snapshot = join(this.#active, key);
      if (!(await pathExists(snapshot))) throw notFound(`there is no active snapshot ${key}`, key);
      const chain = await readLower(snapshot);
      const rest = [
        `upperdir=${join(snapshot, 'diff')}`,
        `workdir=${join(snapshot, 'work')}`,
        ...OPTIONS_ALWAYS,
        ...(ephemeral ? ['volatile'] : []),
      ];
      const { path, made } = await makeMountPoint(target);
      if (!(await this.#isMounted(key, path))) {
        try {
          // The kernel refuses what was once mounted volatile, in case power failed; here that may be lost.
          if (ephemeral) await rm(join(snapshot, 'work', 'work', 'incompat'), { recursive: true, force: true });
          await this.#mountOverlay(path, chain, rest);
        } catch (error) {
          if (made) await removeMountPoint(path);
          throw error;
        }
      }
      const options = [lowerdir(this.#links, orEmpty(chain)), ...rest];
      return { mounts: [{ type: 'overlay', source: 'overlay', target, options }] };
    });
  }

  async unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#turn(key, ctx, async () => {
      const path = await findMountPoint(target);
      if (path !== undefined) await this.#hide(key, path);
      return {};
    });
  }

  /** A snapshot that is still mounted somewhere is unmounted first. */
  async remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#turn(key, ctx, async () => {
      for (const mount of await this.#mounts()) if (mount.key === key) await this.#hide(key, mount.target);
      for (const kind of [this.#layers, this.#active]) {
        if (!(await pathExists(join(kind, key)))) continue;
        // Not synced: what power loss brings back belongs to nobody, and the engine removes it again.
        await safeRemove(join(kind, key), this.#stateDir);
      }
      await unlinkLayer(this.#links, key);
      this.#layerUsage.delete(key);
      return {};
    });
  }

  /** What lies in the snapshot's own directory, marks of deletion included. */
  async usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#turn(key, ctx, async () => {
      if (await pathExists(join(this.#active, key))) return treeUsage(join(this.#active, key, 'diff'));
      if (!(await pathExists(join(this.#layers, key)))) throw notFound(`there is no snapshot ${key}`, key);
      const usage = this.#layerUsage.get(key) ?? (await treeUsage(join(this.#layers, key, 'diff')));
      this.#layerUsage.set(key, usage);
      return usage;
    });
  }

  /** Compares what the snapshot shows with what its parent does. */
  async changes({ key, parent, ignore }: Args<'changes'>, ctx: OperationContext): Answer<'changes'> {
    return this.#turn(key, ctx, async () => {
      const snapshot = join(this.#active, key);
      if (!(await pathExists(snapshot))) throw notFound(`there is no active snapshot ${key}`, key);
      const chain = await this.#chain(parent);
      const compare = (base: string | undefined, tree: string) => treeChanges({ base, tree, ignore: new Set(ignore), signal: ctx.signal });
      const shown = (await this.#mounts()).find((mount) => mount.key === key)?.target;
      // One that is not shown is read like a layer.
      const whole = [`../active/${key}/diff`, ...chain];
      const changes = await this.#view(chain, (base) =>
        shown === undefined ? this.#view(whole, (tree = '') => compare(base, tree)) : compare(base, shown),
      );
      return { changes: [...changes] };
    });
  }

  async observe(): Promise<readonly Observed[]> {
    const snapshots = [...(await namesIn(this.#layers)), ...(await namesIn(this.#active))];
    const mounts = await this.#mounts();
    return [...snapshots.map((id) => ({ resource: 'snapshot', id })), ...mounts.map(({ key }) => ({ resource: 'mount', id: key }))];
  }

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
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: 'overlay', key });
      }
    });
  }

  /** Tidies up after the driver's former self: mounts of unfinished layers, what they lay on, links to nothing. */
  async #begin(): Promise<void> {
    const unfinished = join(await realpath(this.#stateDir), 'tmp-');
    for (const { target } of await this.#kernel.mounts.list()) {
      if (target.startsWith(unfinished)) await unmountPatiently(this.#kernel, this.#logger, target);
    }
    const remains = await collectRemains(this.#stateDir);
    if (remains.length > 0) this.#logger.info('deleted what interrupted work had left', { names: remains });
    for (const path of [this.#layers, this.#active, this.#links]) await mkdir(path, { recursive: true, mode: 0o700 });
    await mkdir(this.#empty, { recursive: true, mode: 0o755 });
    await symlink(`../${EMPTY}`, join(this.#links, EMPTY)).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    await dropDanglingLinks(this.#links, this.#layers);
  }

  /** Makes `diff`, the top of the tree: its root directory is all that overlayfs shows of that one, so it is as the parent's. */
  async #makeDiff(directory: string, chain: readonly string[]): Promise<void> {
    const diff = join(directory, 'diff');
    await mkdir(diff, 0o755);
    const parent = chain[0];
    if (parent === undefined) return;
    const below = await realpath(join(this.#links, parent));
    await copyAttributes(this.#kernel, below, diff, await lstat(below, { bigint: true }));
  }

  /** Lets `write` fill `diff` where it sees the layers below, and takes that view away again, whatever happens. */
  async #write<T>(directory: string, chain: readonly string[], write: (root: string) => Promise<T>): Promise<T> {
    const diff = join(directory, 'diff');
    if (chain.length === 0) return write(diff);
    const work = join(directory, 'work');
    const merged = join(directory, 'merged');
    await mkdir(work, 0o700);
    await mkdir(merged, 0o700);
    await this.#mountOverlay(merged, chain, [`upperdir=${diff}`, `workdir=${work}`, ...OPTIONS_ALWAYS, 'volatile']);
    let written: T;
    try {
      written = await write(merged);
    } finally {
      await unmountPatiently(this.#kernel, this.#logger, merged);
    }
    await rm(work, { recursive: true, force: true });
    await removeMountPoint(merged);
    await this.#kernel.files.syncFilesystem(diff);
    return written;
  }

  /**
   * Lets `look` see what a chain of layers shows, undefined for none: mounts them, read-only, for as long as that takes. The name is one that the next
   * start takes away if a crash leaves it.
   */
  async #view<T>(chain: readonly string[], look: (root: string | undefined) => Promise<T>): Promise<T> {
    if (chain.length === 0) return look(undefined);
    const target = temporaryPath(await realpath(this.#stateDir));
    await mkdir(target, 0o700);
    try {
      // Two at least, or the kernel wants an upper directory.
      await this.#mountOverlay(target, [...chain, EMPTY], OPTIONS_ALWAYS);
      try {
        return await look(target);
      } finally {
        await unmountPatiently(this.#kernel, this.#logger, target);
      }
    } finally {
      await removeMountPoint(target);
    }
  }

  async #mountOverlay(target: string, chain: readonly string[], rest: readonly string[]): Promise<void> {
    await withLowerdir(this.#links, orEmpty(chain), rest, (options) =>
      this.#kernel.mounts.mount({ type: 'overlay', source: 'overlay', target, options }),
    );
  }

  /** Short names of the layers a child of `parent` lies on, topmost first. */
  async #chain(parent: string | undefined): Promise<readonly string[]> {
    if (parent === undefined) return [];
    const directory = join(this.#layers, parent);
    if (!(await pathExists(directory))) throw notFound(`there is no layer ${parent} to build on`, parent);
    return [shortName(parent), ...(await readLower(directory))];
  }

  /** Every place where an active snapshot is mounted: an overlay names its upper directory in the mount table. */
  async #mounts(table?: readonly MountInfo[]): Promise<readonly { readonly key: string; readonly target: string }[]> {
    const before = `upperdir=${this.#active}/`;
    return (table ?? (await this.#kernel.mounts.list())).flatMap((mount) => {
      const upper = mount.type === 'overlay' ? mount.superOptions.find((option) => option.startsWith(before)) : undefined;
      return upper === undefined ? [] : [{ key: upper.slice(before.length, -'/diff'.length), target: mount.target }];
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
    while (await this.#isMounted(key, path)) {
      await unmountPatiently(this.#kernel, this.#logger, path);
      try {
        return await removeMountPoint(path);
      } catch (error) {
        // Something was mounted beneath what was on top.
        if (errnoOf(error) !== 'EBUSY') throw error;
      }
    }
    await removeMountPoint(path);
  }
}

function orEmpty(chain: readonly string[]): readonly string[] {
  return chain.length === 0 ? [EMPTY] : chain;
}

function notFound(message: string, key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', message, { key });
}
