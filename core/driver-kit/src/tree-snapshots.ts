import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Observed, type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { BindMounts } from './bind-mounts.ts';
import { mirrorTree } from './mirror-tree.ts';
import { eraseTree } from './safe-remove.ts';
import type { DriverServices } from './services.ts';
import { SnapshotStore } from './snapshot-store.ts';
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
  /** What is the same in a tree and in the one it was made of has the same time of change in both. */
  readonly keepsChangeTimes?: boolean;
  /** What a tree itself holds; all that is in it if absent. */
  usage?(tree: string, signal: AbortSignal): Promise<TreeUsage>;
}

/**
 * A storage driver whose every snapshot is a whole tree, that a bind mount shows. It does all but what a {@link TreeMaker} says.
 *
 * What is on disk is what {@link SnapshotStore} says, and how it survives crashes; a snapshot's files are in `tree` of its directory.
 */
export class TreeSnapshots implements StorageDriver {
  readonly #services: Pick<DriverServices, 'kernel' | 'home' | 'logger'>;
  readonly #maker: TreeMaker;
  readonly #store: SnapshotStore;
  readonly #mounts: BindMounts;

  constructor(services: Pick<DriverServices, 'kernel' | 'home' | 'logger'>, maker: TreeMaker) {
    const { kernel, home, logger } = services;
    this.#services = services;
    this.#maker = maker;
    const erase = async (directory: string): Promise<void> => {
      await maker.erase?.(join(directory, 'tree'));
      await eraseTree(directory);
    };
    this.#store = new SnapshotStore({ driver: maker.driver, stateDir: home.stateDir, logger, erase });
    this.#mounts = new BindMounts(kernel, logger, this.#store.active);
  }

  /** A layer is its parent's tree with the tar's changes made in it. */
  async applyLayer({ key, parent, diffId, source, digest }: Args<'applyLayer'>, ctx: OperationContext): Answer<'applyLayer'> {
    const fill = async (directory: string) => {
      const root = join(directory, 'tree');
      await this.#make(parent, root, ctx.signal);
      // Syncs what was copied before it, too.
      const { kernel } = this.#services;
      const written = await unpackLayer({ kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal });
      await this.#maker.seal?.(root);
      return written;
    };
    return this.#store.turn(key, ctx, () => this.#store.addLayer(key, diffId, fill, digest));
  }

  /** An active snapshot is a copy of its parent that a container may change. */
  async prepare({ key, parent, sizeBytes, like }: Args<'prepare'>, ctx: OperationContext): Answer<'prepare'> {
    return this.#store.turn(key, ctx, async () => {
      const maker = this.#maker;
      if (sizeBytes !== undefined && maker.limit === undefined) throw withoutQuota(maker.driver, key);
      const { kernel } = this.#services;
      await this.#store.addSnapshot(key, async (directory) => {
        const root = join(directory, 'tree');
        await this.#make(parent, root, ctx.signal);
        if (sizeBytes !== undefined) await maker.limit?.(root, sizeBytes);
        if (like !== undefined) await mirrorTree({ kernel, from: like, to: root, signal: ctx.signal });
        await (maker.sync?.(root) ?? kernel.files.syncFilesystem(root));
      });
      return {};
    });
  }

  /** The tree is where it is; a private bind mount shows it at the target as well. */
  async mount({ key, target }: Args<'mount'>, ctx: OperationContext): Answer<'mount'> {
    return this.#store.turn(key, ctx, async () => {
      const source = join(await this.#store.snapshot(key), 'tree');
      return { mounts: [await this.#mounts.bind(key, source, target)] };
    });
  }

  async unmount({ key, target }: Args<'unmount'>, ctx: OperationContext): Answer<'unmount'> {
    return this.#store.turn(key, ctx, async () => {
      await this.#mounts.hide(key, target);
      return {};
    });
  }

  /** A snapshot that is still mounted somewhere is unmounted first: a mount of deleted files would be of no use. */
  async remove({ key }: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#store.turn(key, ctx, async () => {
      await this.#mounts.hideAll(key);
      await this.#store.remove(key);
      return {};
    });
  }

  async usage({ key }: Args<'usage'>, ctx: OperationContext): Answer<'usage'> {
    return this.#store.usage(key, ctx, (directory, signal) => {
      const tree = join(directory, 'tree');
      return this.#maker.usage?.(tree, signal) ?? treeUsage(this.#services.kernel, tree, signal);
    });
  }

  async changes({ key, parent, ignore, exact = false }: Args<'changes'>, ctx: OperationContext): Answer<'changes'> {
    return this.#store.turn(key, ctx, async () => {
      const tree = join(await this.#store.snapshot(key), 'tree');
      const base = parent === undefined ? undefined : await this.#layer(parent);
      return {
        changes: [
          ...(await treeChanges({
            kernel: this.#services.kernel,
            base,
            tree,
            ignore: new Set(ignore),
            signal: ctx.signal,
            byChangeTime: exact && this.#maker.keepsChangeTimes === true,
          })),
        ],
      };
    });
  }

  async observe(): Promise<readonly Observed[]> {
    const mounts = await this.#mounts.list();
    return [...(await this.#store.observe()), ...mounts.map(({ key }) => ({ resource: 'mount', id: key }))];
  }

  async #make(parent: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (parent === undefined) return void (await (this.#maker.create?.(to) ?? mkdir(to, 0o755)));
    await this.#maker.copy(await this.#layer(parent), to, signal);
  }

  async #layer(key: string): Promise<string> {
    return join(await this.#store.layer(key), 'tree');
  }
}

/** What a driver without capability `quota` says to a size. */
export function withoutQuota(driver: string, key: string): ShiplogError {
  return new ShiplogError('NOT_SUPPORTED', `storage driver ${driver} cannot limit the size of a container; btrfs can`, { driver, key });
}
