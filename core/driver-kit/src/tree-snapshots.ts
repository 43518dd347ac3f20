import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Observed, type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { BindMounts } from './bind-mounts.ts';
import { buildDirectory, pathExists } from './build-directory.ts';
import { KeyedLock } from './keyed-lock.ts';
import { mirrorTree } from './mirror-tree.ts';
import { answerAgain, readLayerRecord, writeLayerRecord } from './layer-record.ts';
import { collectRemains, eraseTree, namesIn, safeRemove, syncDirectory } from './safe-remove.ts';
import type { DriverServices } from './services.ts';
import { treeChanges } from './tree-changes.ts';
import { type TreeUsage, treeUsage } from './tree-usage.ts';
import { unpackLayer } from './unpack-layer.ts';

type Args<V extends keyof StorageDriver> = Parameters<StorageDriver[V]>[0];
type Answer<V extends keyof StorageDriver> = ReturnType<StorageDriver[V]>;

/** What a driver whose snapshots are whole trees does its own way. */
export interface TreeMaker {
  /** The driver's name, for errors. */
  readonly driver: string;
  /** Makes the tree `to` like that of a layer at `from`: same content, attributes and links, and no change in one shows in the other. */
  copy(from: string, to: string, signal: AbortSignal): Promise<void>;
  /** Makes the empty tree `to`, mode 755. A directory if absent. */
  create?(to: string): Promise<void>;
  /** Makes what `copy` and `create` wrote survive power loss; syncfs(2) if absent. */
  sync?(tree: string): Promise<void>;
  /** A layer's tree is complete and synced: nobody may change it. */
  seal?(tree: string): Promise<void>;
  /** Deletes a tree, sealed or not, of which any part may be there or none. */
  erase?(tree: string): Promise<void>;
  /** Lets at most so many bytes be written into a tree that was just made. Without it nobody may ask for that. */
  limit?(tree: string, bytes: number): Promise<void>;
  /** What a tree itself holds; all that is in it if absent. */
  usage?(tree: string): Promise<TreeUsage>;
}

/**
 * A storage driver whose every snapshot is a whole tree, that a bind mount shows. It does all but what a {@link TreeMaker} says.
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
export class TreeSnapshots implements StorageDriver {
  readonly #services: Pick<DriverServices, 'kernel' | 'home' | 'logger'>;
  readonly #maker: TreeMaker;
  readonly #stateDir: string;
  readonly #layers: string;
  readonly #active: string;
  readonly #mounts: BindMounts;
  readonly #turns = new KeyedLock();
  /** Layers do not change, so each is measured once. */
  readonly #layerUsage = new Map<string, TreeUsage>();
  #ready: Promise<void> | undefined;

  constructor(services: Pick<DriverServices, 'kernel' | 'home' | 'logger'>, maker: TreeMaker) {
    this.#services = services;
    this.#maker = maker;
    this.#stateDir = services.home.stateDir;
    this.#layers = join(this.#stateDir, 'layers');
    this.#active = join(this.#stateDir, 'active');
    this.#mounts = new BindMounts(services.kernel, services.logger, this.#active);
  }

  /** A layer is its parent's tree with the tar's changes made in it. */
  async applyLayer({ key, parent, diffId, source }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    return this.#turn(key, ctx, async () => {
      const present = await readLayerRecord(join(this.#layers, key));
      if (present !== undefined) return answerAgain(key, present, diffId);
      const { kernel, logger } = this.#services;
      const record = { diffId, bytes: 0 };
      await this.#build(join(this.#layers, key), async (directory) => {
        const root = join(directory, 'tree');
        await this.#make(parent, root, ctx.signal);
        // Syncs what was copied before it, too.
        const written = await unpackLayer({ kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal });
        if (written.unsupportedXattrs.length > 0) {
          logger.warn('extended attributes were left out: the file system has none', { key, names: written.unsupportedXattrs });
        }
        record.bytes = written.bytes;
        await writeLayerRecord(directory, record);
        await this.#maker.seal?.(root);
      });
      return record;
    });
  }

  /** An active snapshot is a copy of its parent that a container may change. */
  async prepare({ key, parent, sizeBytes, like }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#turn(key, ctx, async () => {
      const { limit, driver } = this.#maker;
      if (sizeBytes !== undefined && limit === undefined) throw withoutQuota(driver, key);
      if (await pathExists(join(this.#active, key))) return {};
      await this.#build(join(this.#active, key), async (directory) => {
        const root = join(directory, 'tree');
        await this.#make(parent, root, ctx.signal);
        if (sizeBytes !== undefined) await limit?.(root, sizeBytes);
        if (like !== undefined) await mirrorTree({ kernel: this.#services.kernel, from: like, to: root, signal: ctx.signal });
        await (this.#maker.sync?.(root) ?? this.#services.kernel.files.syncFilesystem(root));
      });
      return {};
    });
  }

  /** The tree is where it is; a private bind mount shows it at the target as well. */
  async mount({ key, target }: Args<'mount'>, ctx: OperationContext): Answer<'mount'> {
    return this.#turn(key, ctx, async () => {
      const source = join(this.#active, key, 'tree');
      if (!(await pathExists(source))) throw notFound(`there is no active snapshot ${key}`, key);
      return { mounts: [await this.#mounts.show(key, source, target)] };
    });
  }

  async unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#turn(key, ctx, async () => {
      await this.#mounts.hide(key, target);
      return {};
    });
  }

  /** A snapshot that is still mounted somewhere is unmounted first: a mount of deleted files would be of no use. */
  async remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#turn(key, ctx, async () => {
      await this.#mounts.hideAll(key);
      for (const kind of [this.#layers, this.#active]) {
        if (!(await pathExists(join(kind, key)))) continue;
        await safeRemove(join(kind, key), this.#stateDir, this.#erase);
        await syncDirectory(kind);
      }
      this.#layerUsage.delete(key);
      return {};
    });
  }

  async usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#turn(key, ctx, async () => {
      const measure = this.#maker.usage?.bind(this.#maker) ?? treeUsage;
      if (await pathExists(join(this.#active, key))) return measure(join(this.#active, key, 'tree'));
      if (!(await pathExists(join(this.#layers, key)))) throw notFound(`there is no snapshot ${key}`, key);
      const usage = this.#layerUsage.get(key) ?? (await measure(join(this.#layers, key, 'tree')));
      this.#layerUsage.set(key, usage);
      return usage;
    });
  }

  async changes({ key, parent, ignore }: Args<'changes'>, ctx: OperationContext): Answer<'changes'> {
    return this.#turn(key, ctx, async () => {
      const tree = join(this.#active, key, 'tree');
      if (!(await pathExists(tree))) throw notFound(`there is no active snapshot ${key}`, key);
      const base = parent === undefined ? undefined : await this.#layer(parent);
      return { changes: [...(await treeChanges({ base, tree, ignore: new Set(ignore), signal: ctx.signal }))] };
    });
  }

  /** Reads only: what an interrupted verb left is not listed here, the next verb deletes it. */
  async observe(): Promise<readonly Observed[]> {
    const snapshots = [...(await namesIn(this.#layers)), ...(await namesIn(this.#active))];
    const mounts = await this.#mounts.list();
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
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: this.#maker.driver, key });
      }
    });
  }

  async #begin(): Promise<void> {
    const remains = await collectRemains(this.#stateDir, this.#erase);
    if (remains.length > 0) this.#services.logger.info('deleted what interrupted work had left', { names: remains });
    for (const kind of [this.#layers, this.#active]) await mkdir(kind, { recursive: true, mode: 0o700 });
  }

  #build(place: string, fill: (directory: string) => Promise<void>): Promise<void> {
    return buildDirectory(this.#stateDir, place, fill, { erase: this.#erase });
  }

  readonly #erase = async (directory: string): Promise<void> => {
    await this.#maker.erase?.(join(directory, 'tree'));
    await eraseTree(directory);
  };

  async #make(parent: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (parent === undefined) return void (await (this.#maker.create?.(to) ?? mkdir(to, 0o755)));
    await this.#maker.copy(await this.#layer(parent), to, signal);
  }

  async #layer(key: string): Promise<string> {
    const tree = join(this.#layers, key, 'tree');
    if (!(await pathExists(tree))) throw notFound(`there is no layer ${key} to build on`, key);
    return tree;
  }
}

/** What a driver without capability `quota` says to a size. */
export function withoutQuota(driver: string, key: string): ShiplogError {
  return new ShiplogError('NOT_SUPPORTED', `storage driver ${driver} cannot limit the size of a container; btrfs can`, { driver, key });
}

function notFound(message: string, key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', message, { key });
}
