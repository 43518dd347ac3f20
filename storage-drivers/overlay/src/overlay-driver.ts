import { lstat, mkdir, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, type MountInfo, type Observed, type OperationContext, type StorageDriver } from '@shiplog/contracts';
import {
  HOME,
  KERNEL,
  LOGGER,
  type DriverHome,
  type Logger,
  SnapshotStore,
  type TargetMount,
  TargetMounts,
  copyAttributes,
  errnoOf,
  inject,
  injectable,
  mirrorTree,
  pathExists,
  removeMountPoint,
  temporaryPath,
  treeChanges,
  treeUsage,
  unmountPatiently,
  unpackLayer,
  withoutQuota,
  writeDurably,
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
 * below it, and copies a file up when it is first changed.
 *
 * ## What is on disk
 * Beside what `SnapshotStore` of the driver kit says, which also tells how that survives crashes:
 * ```
 * <stateDir>/layers/<key>/diff/        the layer's own entries, with overlayfs's marks for what it deletes
 * <stateDir>/layers/<key>/lower        short names of the layers below, topmost first, separated by `:`
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
  readonly #links: string;
  readonly #store: SnapshotStore;
  readonly #mounts: TargetMounts;

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) { stateDir }: DriverHome, @inject(LOGGER) logger: Logger) {
    this.#kernel = kernel;
    this.#logger = logger;
    this.#stateDir = stateDir;
    this.#links = join(stateDir, 'l');
    this.#store = new SnapshotStore({ driver: 'overlay', stateDir, logger, begin: () => this.#begin() });
    this.#mounts = new TargetMounts(kernel, logger, async (table) => overlaysOf(table, this.#store.active));
  }

  async applyLayer({ key, parent, diffId, source, digest }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    const fill = async (directory: string) => {
      const chain = await this.#chain(parent);
      // Before the layer itself: a link without a layer is recognised, a layer without a link is not.
      await linkLayer(this.#links, key);
      await this.#makeDiff(directory, chain);
      const written = await this.#write(directory, chain, (root) =>
        unpackLayer({ kernel: this.#kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal }),
      );
      await writeDurably(join(directory, 'lower'), chain.join(':'));
      return written;
    };
    return this.#store.turn(key, ctx, async () => {
      try {
        return await this.#store.addLayer(key, diffId, fill, digest);
      } catch (error) {
        if (!(await pathExists(join(this.#store.layers, key)))) await unlinkLayer(this.#links, key);
        throw error;
      }
    });
  }

  async prepare({ key, parent, ephemeral = false, sizeBytes, like }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#store.turn(key, ctx, async () => {
      if (sizeBytes !== undefined) throw withoutQuota('overlay', key);
      await this.#store.addSnapshot(
        key,
        async (directory) => {
          const chain = await this.#chain(parent);
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
    return this.#store.turn(key, ctx, async () => {
      const snapshot = await this.#store.snapshot(key);
      const chain = await readLower(snapshot);
      const rest = [
        `upperdir=${join(snapshot, 'diff')}`,
        `workdir=${join(snapshot, 'work')}`,
        ...OPTIONS_ALWAYS,
        ...(ephemeral ? ['volatile'] : []),
      ];
      await this.#mounts.show(key, target, async (path) => {
        // The kernel refuses what was once mounted volatile, in case power failed; here that may be lost.
        if (ephemeral) await rm(join(snapshot, 'work', 'work', 'incompat'), { recursive: true, force: true });
        await this.#mountOverlay(path, chain, rest);
      });
      const options = [lowerdir(this.#links, orEmpty(chain)), ...rest];
      return { mounts: [{ type: 'overlay', source: 'overlay', target, options }] };
    });
  }

  async unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#store.turn(key, ctx, async () => {
      await this.#mounts.hide(key, target);
      return {};
    });
  }

  /** A snapshot that is still mounted somewhere is unmounted first. */
  async remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#store.turn(key, ctx, async () => {
      await this.#mounts.hideAll(key);
      await this.#store.remove(key);
      await unlinkLayer(this.#links, key);
      return {};
    });
  }

  /** What lies in the snapshot's own directory, marks of deletion included. */
  async usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#store.usage(key, ctx, (directory, signal) => treeUsage(this.#kernel, join(directory, 'diff'), signal));
  }

  /** Compares what the snapshot shows with what its parent does. */
  async changes({ key, parent, ignore, exact = false }: Args<'changes'>, ctx: OperationContext): Answer<'changes'> {
    return this.#store.turn(key, ctx, async () => {
      await this.#store.snapshot(key);
      const chain = await this.#chain(parent);
      const compare = (base: string | undefined, tree: string) =>
        treeChanges({ kernel: this.#kernel, base, tree, ignore: new Set(ignore), signal: ctx.signal, byChangeTime: exact });
      const shown = (await this.#mounts.list()).find((mount) => mount.key === key)?.target;
      // One that is not shown is read like a layer.
      const whole = [`../active/${key}/diff`, ...chain];
      const changes = await this.#view(chain, (base) =>
        shown === undefined ? this.#view(whole, (tree = '') => compare(base, tree)) : compare(base, shown),
      );
      return { changes: [...changes] };
    });
  }

  async observe(): Promise<readonly Observed[]> {
    const mounts = await this.#mounts.list();
    return [...(await this.#store.observe()), ...mounts.map(({ key }) => ({ resource: 'mount', id: key }))];
  }

  /** Takes away mounts of unfinished layers and what has lost its layer, makes what stands below a snapshot without a parent. */
  async #begin(): Promise<void> {
    const unfinished = join(await realpath(this.#stateDir), 'tmp-');
    for (const { target } of await this.#kernel.mounts.list()) {
      if (target.startsWith(unfinished)) await unmountPatiently(this.#kernel, this.#logger, target);
    }
    await mkdir(this.#links, { recursive: true, mode: 0o700 });
    await mkdir(join(this.#stateDir, EMPTY), { recursive: true, mode: 0o755 });
    await symlink(`../${EMPTY}`, join(this.#links, EMPTY)).catch((error: unknown) => {
      if (errnoOf(error) !== 'EEXIST') throw error;
    });
    await dropDanglingLinks(this.#links, this.#store.layers);
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
    return [shortName(parent), ...(await readLower(await this.#store.layer(parent)))];
  }
}

/** Overlays of active snapshots: each names its upper directory in the mount table. */
function overlaysOf(table: readonly MountInfo[], active: string): readonly TargetMount[] {
  const before = `upperdir=${active}/`;
  return table.flatMap((mount) => {
    const upper = mount.type === 'overlay' ? mount.superOptions.find((option) => option.startsWith(before)) : undefined;
    return upper === undefined ? [] : [{ key: upper.slice(before.length, -'/diff'.length), target: mount.target }];
  });
}

function orEmpty(chain: readonly string[]): readonly string[] {
  return chain.length === 0 ? [EMPTY] : chain;
}
