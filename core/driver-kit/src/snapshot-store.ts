import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { type Observed, type OperationContext, ShiplogError } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { buildDirectory, pathExists } from './build-directory.ts';
import { KeyedLock } from './keyed-lock.ts';
import { answerAgain, type LayerRecord, readLayerRecord, writeLayerRecord } from './layer-record.ts';
import type { LayerWritten } from './layer-writer.ts';
import { collectRemains, type Erase, eraseTree, namesIn, safeRemove } from './safe-remove.ts';
import type { Logger } from './services.ts';
import type { TreeUsage } from './tree-usage.ts';

/** What is to be kept of a layer that was written. */
export interface LayerFilled extends LayerWritten {
  readonly tarBytes?: number;
}

export interface SnapshotStoreOptions {
  /** The driver's name, for errors. */
  readonly driver: string;
  /** The driver's state directory: all of it is the store's, but for what `begin` makes. */
  readonly stateDir: string;
  readonly logger: Logger;
  /** Deletes a directory of a snapshot, of which any part may be there. */
  readonly erase?: Erase;
  /** Runs once before the first turn, and again if it fails: makes what else the driver needs, and frees what interrupted work left for deletion. */
  readonly begin?: () => Promise<void>;
}

/**
 * Where a storage driver keeps its snapshots: a directory each, and what lies in one is the driver's affair.
 *
 * ## What is on disk
 * ```
 * <stateDir>/layers/<key>/              a layer
 * <stateDir>/layers/<key>/layer.json    its diff id and size, so that applying it again costs nothing
 * <stateDir>/active/<key>/              an active snapshot
 * <stateDir>/tmp-*                      something under construction
 * <stateDir>/rm-*                       something under deletion
 * ```
 * The directory is the truth: the store keeps no list, so there is none to disagree with it.
 *
 * ## How it survives a crash
 * What has its final name is whole. A snapshot is built as `tmp-*`, synced, and renamed into place: rename(2) happens or
 * does not. It is deleted the other way round: renamed to `rm-*`, then deleted. So whatever a crash leaves is either as
 * before, as after, or bears a name by which the first verb after the restart knows and deletes it.
 *
 * ## How it is repeatable
 * Each method looks first whether the world is already as asked, and is then done. Work on one key takes turns, so that
 * nobody looks while another is changing it.
 */
export class SnapshotStore {
  readonly layers: string;
  readonly active: string;
  readonly #options: SnapshotStoreOptions;
  readonly #erase: Erase;
  readonly #turns = new KeyedLock();
  /** Layers do not change, so each is measured once. */
  readonly #layerUsage = new Map<string, TreeUsage>();
  #ready: Promise<void> | undefined;

  constructor(options: SnapshotStoreOptions) {
    this.#options = options;
    this.#erase = options.erase ?? eraseTree;
    this.layers = join(options.stateDir, 'layers');
    this.active = join(options.stateDir, 'active');
  }

  /** Runs a verb's work when it is the key's turn; before the very first, tidies up after the driver's former self. What it throws becomes a ShiplogError. */
  async turn<T>(key: string, ctx: OperationContext, work: () => Promise<T>): Promise<T> {
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
        throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: this.#options.driver, key });
      }
    });
  }

  /** The directory of a layer to build on. Throws SNAPSHOT_NOT_FOUND. */
  async layer(key: string): Promise<string> {
    const directory = join(this.layers, key);
    if (!(await pathExists(directory))) throw notFound(`there is no layer ${key} to build on`, key);
    return directory;
  }

  /** The directory of an active snapshot. Throws SNAPSHOT_NOT_FOUND. */
  async snapshot(key: string): Promise<string> {
    const directory = join(this.active, key);
    if (!(await pathExists(directory))) throw notFound(`there is no active snapshot ${key}`, key);
    return directory;
  }

  /**
   * Makes a layer of a blob with this digest, if it is told: `fill` writes its directory, synced. One that is there is not written again; throws
   * DIGEST_MISMATCH when it has another diff id.
   */
  async addLayer(key: string, diffId: string, fill: (directory: string) => Promise<LayerFilled>, digest?: string): Promise<LayerRecord> {
    const present = await readLayerRecord(join(this.layers, key));
    if (present !== undefined) return answerAgain(key, present, diffId);
    const { stateDir, logger } = this.#options;
    let record: LayerRecord = { diffId, bytes: 0 };
    await buildDirectory(
      stateDir,
      join(this.layers, key),
      async (directory) => {
        const { bytes, tarBytes, unsupportedXattrs } = await fill(directory);
        if (unsupportedXattrs.length > 0) {
          logger.warn('extended attributes were left out: the file system has none', { key, names: unsupportedXattrs });
        }
        record = { diffId, bytes, ...(tarBytes === undefined ? {} : { tarBytes }), ...(digest === undefined ? {} : { digest }) };
        await writeLayerRecord(directory, record);
      },
      { erase: this.#erase },
    );
    return record;
  }

  /** Makes an active snapshot: `fill` writes its directory, synced where it is `durable`. One that is there stays as it is. */
  async addSnapshot(key: string, fill: (directory: string) => Promise<void>, { durable = true } = {}): Promise<void> {
    const place = join(this.active, key);
    if (await pathExists(place)) return;
    await buildDirectory(this.#options.stateDir, place, fill, { durable, erase: this.#erase });
  }

  /** Removes the layer and the active snapshot of that key, if they are there. Not synced: what power loss brings back belongs to nobody, and is removed again. */
  async remove(key: string): Promise<void> {
    for (const kind of [this.layers, this.active]) await safeRemove(join(kind, key), this.#options.stateDir, this.#erase);
    this.#layerUsage.delete(key);
  }

  /**
   * What `measure` finds in the directory of an active snapshot, or else of a layer. Takes the key's turn only to find it: whoever would change
   * it waits for no measuring. Throws SNAPSHOT_NOT_FOUND, also where it goes meanwhile.
   */
  async usage(
    key: string,
    ctx: OperationContext,
    measure: (directory: string, signal: AbortSignal) => Promise<TreeUsage>,
  ): Promise<TreeUsage> {
    const [active, layer] = [join(this.active, key), join(this.layers, key)];
    const missing = (): ShiplogError => notFound(`there is no snapshot ${key}`, key);
    const directory = await this.turn(key, ctx, async () => {
      if (await pathExists(active)) return active;
      if (await pathExists(layer)) return layer;
      throw missing();
    });
    const known = directory === layer ? this.#layerUsage.get(key) : undefined;
    if (known !== undefined) return known;
    let usage: TreeUsage;
    try {
      usage = await measure(directory, ctx.signal);
    } catch (error) {
      if (!(await pathExists(directory))) throw missing();
      throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: this.#options.driver, key });
    }
    // Half of one that went meanwhile is nobody's size.
    if (!(await pathExists(directory))) throw missing();
    if (directory === layer) this.#layerUsage.set(key, usage);
    return usage;
  }

  /** Every snapshot. Reads only: what an interrupted verb left is not listed, the next verb deletes it. */
  async observe(): Promise<readonly Observed[]> {
    const keys = [...(await namesIn(this.layers)), ...(await namesIn(this.active))];
    return keys.map((id) => ({ resource: 'snapshot', id }));
  }

  async #begin(): Promise<void> {
    const { stateDir, logger, begin } = this.#options;
    for (const kind of [this.layers, this.active]) await mkdir(kind, { recursive: true, mode: 0o700 });
    await begin?.();
    const remains = await collectRemains(stateDir, this.#erase);
    if (remains.length > 0) logger.info('deleted what interrupted work had left', { names: remains });
  }
}

function notFound(message: string, key: string): ShiplogError {
  return new ShiplogError('SNAPSHOT_NOT_FOUND', message, { key });
}
