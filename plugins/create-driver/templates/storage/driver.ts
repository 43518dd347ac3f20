import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type OperationContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import {
  answerAgain,
  BindMounts,
  buildDirectory,
  collectRemains,
  copyTree,
  type DriverServices,
  KeyedLock,
  namesIn,
  pathExists,
  readLayerRecord,
  safeRemove,
  syncDirectory,
  throwIfAborted,
  treeUsage,
  unpackLayer,
  writeLayerRecord,
} from '@shiplog/driver-kit';

/**
 * Layers are directories `layers/<key>` below the driver's home, active snapshots are `active/<key>`, each with its files in
 * `tree`. Nothing else is remembered: what the directories and the mount table say is so.
 */
export function createDriver({ kernel, home, logger }: DriverServices): StorageDriver {
  const [layers, active] = [join(home.stateDir, 'layers'), join(home.stateDir, 'active')];
  const mounts = new BindMounts(kernel, logger, active);
  const turns = new KeyedLock();
  let ready: Promise<void> | undefined;

  /** Calls for one key take turns. The very first call deletes what a crash has left half done. */
  async function turn<T>(key: string, ctx: OperationContext, work: () => Promise<T>): Promise<T> {
    await (ready ??= begin());
    return turns.run(key, async () => {
      throwIfAborted(ctx.signal);
      try {
        return await work();
      } catch (error) {
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: '__NAME__', key });
      }
    });
  }

  async function begin(): Promise<void> {
    await collectRemains(home.stateDir);
    for (const kind of [layers, active]) await mkdir(kind, { recursive: true, mode: 0o700 });
  }

  async function copyParent(parent: string | undefined, to: string, signal: AbortSignal): Promise<void> {
    if (parent === undefined) return void (await mkdir(to, 0o755));
    const from = join(layers, parent, 'tree');
    if (!(await pathExists(from))) throw notFound(parent);
    await copyTree({ kernel, from, to, signal });
  }

  return {
    applyLayer: ({ key, parent, diffId, source }, ctx) =>
      turn(key, ctx, async () => {
        const present = await readLayerRecord(join(layers, key));
        if (present !== undefined) return answerAgain(key, present, diffId);
        // Whole or not at all: it is made under another name, synced, and renamed.
        let bytes = 0;
        await buildDirectory(home.stateDir, join(layers, key), async (directory) => {
          const root = join(directory, 'tree');
          await copyParent(parent, root, ctx.signal);
          ({ bytes } = await unpackLayer({ kernel, source, root, whiteouts: 'remove', diffId, signal: ctx.signal }));
          await writeLayerRecord(directory, { diffId, bytes });
        });
        return { diffId, bytes };
      }),

    prepare: ({ key, parent }, ctx) =>
      turn(key, ctx, async () => {
        if (await pathExists(join(active, key))) return {};
        await buildDirectory(home.stateDir, join(active, key), async (directory) => {
          await copyParent(parent, join(directory, 'tree'), ctx.signal);
          await kernel.files.syncFilesystem(directory);
        });
        return {};
      }),

    mount: ({ key, target }, ctx) =>
      turn(key, ctx, async () => {
        const source = join(active, key, 'tree');
        if (!(await pathExists(source))) throw notFound(key);
        return { mounts: [await mounts.show(key, source, target)] };
      }),

    unmount: ({ key, target }, ctx) =>
      turn(key, ctx, async () => {
        await mounts.hide(key, target);
        return {};
      }),

    remove: ({ key }, ctx) =>
      turn(key, ctx, async () => {
        await mounts.hideAll(key);
        for (const kind of [layers, active]) {
          await safeRemove(join(kind, key), home.stateDir);
          await syncDirectory(kind);
        }
        return {};
      }),

    usage: ({ key }, ctx) =>
      turn(key, ctx, async () => {
        for (const kind of [active, layers]) if (await pathExists(join(kind, key))) return treeUsage(join(kind, key, 'tree'));
        throw notFound(key);
      }),

    async observe() {
      const snapshots = [...(await namesIn(layers)), ...(await namesIn(active))];
      const shown = await mounts.list();
      return [...snapshots.map((id) => ({ resource: 'snapshot', id })), ...shown.map(({ key }) => ({ resource: 'mount', id: key }))];
    },
  };
}

function notFound(key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', `there is no snapshot ${key}`, { key });
}
