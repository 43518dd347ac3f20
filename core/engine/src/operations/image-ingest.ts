import { type Digest, type ImageManifest, type IngestedImage, type LayerRecord, ShiplogError } from '@shiplog/contracts';
import { isLayer } from '../drivers/drivers-in-use.ts';
import type { Operation } from '../commands/operation.ts';

/** An image whose blobs are stored, and who is to hold its layers. */
export interface PlacedImage extends IngestedImage {
  readonly storageDriver: string;
}

/** How people are told of layers: which name each goes by, and what happens to it. */
export interface LayerWords {
  readonly of: (layer: LayerRecord) => Digest;
  readonly working: string;
  /** Absent: nothing more. */
  readonly done?: string;
  /** Of layers that are there already nothing is said. */
  readonly isSilent?: boolean;
}

/** What Docker says of layers in archives. */
const LOAD_WORDS: LayerWords = { of: (layer) => layer.diffId, working: 'Loading layer' };

/** Turns an image's blobs into snapshots, bottom-up. Layers that somebody needs there already are not made again, nor taken back. */
export async function unpack(op: Operation, { layers }: ImageManifest, storageDriver: string, words = LOAD_WORDS): Promise<void> {
  const { leases, parts } = op.engine;
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  let parent: Digest | undefined;
  for (const layer of layers) {
    // What was made ahead is there.
    if (!leases.has(op.ctx.op, { storageDriver, key: layer.chainId }))
      await applyLayer(op, layer, { storageDriver, parent, source: await store.path(layer.digest), words });
    parent = layer.chainId;
  }
}

/** What a layer is made of, and where. */
interface LayerMaking {
  readonly storageDriver: string;
  readonly parent: Digest | undefined;
  /** Its blob. */
  readonly source: string;
  readonly words: LayerWords;
  readonly signal?: AbortSignal;
}

/** Makes one layer, for whoever has the turn with layers. It is taken back unless somebody needs it by then. */
export async function applyLayer(
  op: Operation,
  layer: LayerRecord,
  { storageDriver, parent, source, words, signal }: LayerMaking,
): Promise<{ readonly digest?: string; readonly tarBytes?: number }> {
  const { chainId: key, diffId, digest, size } = layer;
  const isThere = isLayer(op.engine, storageDriver, key);
  const tell = isThere && words.isSilent === true ? undefined : op.streams.progress;
  const id = words.of(layer).slice('sha256:'.length, 'sha256:'.length + 12);
  const isNeeded = async (): Promise<boolean> => {
    await op.layers.take();
    op.engine.leases.end(op.ctx.op);
    return isLayer(op.engine, storageDriver, key) || op.engine.leases.isHeld({ storageDriver, key });
  };
  tell?.({ id, status: words.working, current: 0, total: size });
  const applied = await op.step(
    'storage',
    storageDriver,
    'applyLayer',
    { key, ...(parent === undefined ? {} : { parent }), diffId, source, digest },
    { undoArgs: { key }, unless: isNeeded, label: `storage.applyLayer ${key}`, ...(signal === undefined ? {} : { signal }) },
  );
  tell?.({ id, status: words.working, current: size, total: size });
  if (words.done !== undefined) tell?.({ id, status: words.done });
  return applied;
}

/**
 * Says who is to hold each image: whoever holds it already, else who was `asked` for, else the engine's own. Throws IMAGE_EXISTS where it was asked
 * for another than holds it.
 */
export function place(op: Operation, images: readonly IngestedImage[], asked: string | undefined): readonly PlacedImage[] {
  return images.map((image) => ({ ...image, storageDriver: holderOf(op, image.manifest.id, asked) }));
}

/** The same of one image. */
export function holderOf({ engine: { ledger, parts } }: Operation, id: Digest, asked: string | undefined): string {
  const holder = ledger.head.images.get(id)?.storageDriver;
  // What cannot run here any more holds nothing that could be used.
  const holds = parts.drivers.list().some(({ kind, name, probe }) => kind === 'storage' && name === holder && probe.usable);
  if (holder === undefined || !holds) return asked ?? parts.defaults.storageDriver;
  if (asked === undefined || asked === holder) return holder;
  throw new ShiplogError(
    'IMAGE_EXISTS',
    `image ${id.slice(7, 19)} is with ${holder} already; \`shiplog image migrate\` takes it to ${asked}`,
    {
      image: id,
      storageDriver: holder,
    },
  );
}

/** What an image is stored as: its config and its layers. */
export function blobsOf({ id, layers }: Pick<ImageManifest, 'id' | 'layers'>): Digest[] {
  return [id, ...layers.map(({ digest }) => digest)];
}

/** Blobs of `images` that no image in the log holds. */
export function unheldBlobs(op: Operation, images: readonly IngestedImage[]): Digest[] {
  const held = new Set<string>();
  for (const image of op.engine.ledger.head.images.values()) for (const digest of blobsOf(image)) held.add(digest);
  const blobs = images.flatMap(({ manifest }) => blobsOf(manifest));
  return [...new Set(blobs)].filter((digest) => !held.has(digest));
}
