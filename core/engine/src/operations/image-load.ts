import { type IngestContext, type IngestedImage, type LoadedImage, ShiplogError } from '@shiplog/contracts';
import { driversInUse, isLayer } from '../drivers/drivers-in-use.ts';
import type { Operation } from '../commands/operation.ts';
import { asked, type Handler, INTERRUPTED } from './handler.ts';
import { removeLayer } from './remove-layer.ts';
import { blobsOf, type LayerWords, place, type PlacedImage, unheldBlobs, unpack } from './image-ingest.ts';

type Ingest = Operation<'image.load'> | Operation<'image.import'> | Operation<'image.commit'> | Operation<'image.pull'>;

/** How an image is taken in beside whatever else goes on: it waits with its blobs until it has layers to itself, and keeps them until it ends. */
export function inTurn({ ctx, layers }: Ingest): IngestContext {
  return { ...ctx, turn: () => layers.take() };
}

/** Stores what `read` makes of the request's body as blobs and snapshots, and takes both back on failure. */
export async function take(
  op: Ingest,
  ingest: string,
  read: (body: AsyncIterable<Uint8Array>) => Promise<readonly IngestedImage[]>,
  wanted?: string,
) {
  const { body } = op.streams;
  if (body === undefined) throw new ShiplogError('REQUEST_INVALID', 'the request has no archive');
  return takeIn(op, ingest, () => read(body), wanted);
}

/** Stores what `ingest` brings as blobs and snapshots, and takes both back on failure. */
export async function takeIn(
  op: Ingest,
  ingest: string,
  bring: () => Promise<readonly IngestedImage[]>,
  wanted?: string,
  words?: LayerWords,
) {
  const { parts } = op.engine;
  const usual = wanted ?? parts.defaults.storageDriver;
  // Before anything is stored: a driver that is not there, or cannot run.
  parts.drivers.get('storage', usual);
  const placed = await takeInto(op, ingest, bring, (images) => place(op, images, wanted), words);
  const images = placed.map(({ manifest, tags, storageDriver }): LoadedImage => ({
    manifest,
    tags,
    ...(storageDriver === usual ? {} : { storageDriver }),
  }));
  return { images, storageDriver: usual };
}

/** The same, `where` somebody says. */
export async function takeInto(
  op: Ingest,
  ingest: string,
  bring: () => Promise<readonly IngestedImage[]>,
  where: (images: readonly IngestedImage[]) => readonly PlacedImage[],
  words?: LayerWords,
): Promise<readonly PlacedImage[]> {
  const { parts } = op.engine;
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  const stored: { images: readonly IngestedImage[] } = { images: [] };
  await op.act(
    'image-store.ingest',
    async () => {
      stored.images = await bring();
    },
    async () => {
      await store.discard(ingest);
      await store.remove(unheldBlobs(op, stored.images));
    },
  );
  // Taken already where something was to be stored.
  await op.layers.take();
  const placed = where(await asKnown(op, stored.images));
  for (const { manifest, storageDriver } of placed) await unpack(op, manifest, storageDriver, words);
  for (const layer of op.engine.leases.end(op.ctx.op)) {
    const isPlaced = placed.some(
      ({ manifest, storageDriver }) =>
        storageDriver === layer.storageDriver && manifest.layers.some(({ chainId }) => chainId === layer.key),
    );
    // The image went elsewhere while it was pulled.
    if (!isPlaced && !isLayer(op.engine, layer.storageDriver, layer.key)) await removeLayer(op, layer);
  }
  const needed = new Set(placed.flatMap(({ manifest }) => blobsOf(manifest)));
  const unneeded = unheldBlobs(op, stored.images).filter((digest) => !needed.has(digest));
  if (unneeded.length > 0) await store.remove(unneeded);
  return placed;
}

/** Images that are here stay made of the blobs that they are made of, if all of these are there, however their layers are compressed in what came. */
async function asKnown(op: Ingest, images: readonly IngestedImage[]): Promise<readonly IngestedImage[]> {
  const { ledger, parts } = op.engine;
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  const known = images.map(async (image) => {
    const record = ledger.head.images.get(image.manifest.id);
    if (record === undefined) return image;
    const blobs = blobsOf(record);
    const sizes = await store.sizes(blobs);
    return blobs.every((digest) => sizes.has(digest)) ? { ...image, manifest: { ...image.manifest, layers: record.layers } } : image;
  });
  return Promise.all(known);
}

/** After a crash: removes what an ingest left that no image in the log holds, also with the storage driver that was `wanted`. */
export async function discard(op: Ingest, ingest: string, wanted?: string): Promise<void> {
  const { parts } = op.engine;
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  await store.discard(ingest);
  const { images } = op.engine.ledger.head;
  const blobs = new Set<string>([...images.values()].flatMap(blobsOf));
  const left = (await store.observe()).filter((found) => found.resource === 'blob' && !blobs.has(found.id));
  await store.remove(left.map((found) => found.id as `sha256:${string}`));
  // Layers may have been made of which the log says nothing.
  for (const storage of driversInUse(op.engine, 'storage', wanted ?? parts.defaults.storageDriver)) {
    for (const { resource, id } of await parts.drivers.get('storage', storage).observe()) {
      if (resource === 'snapshot' && id.startsWith('sha256:') && !isLayer(op.engine, storage, id))
        await op.step('storage', storage, 'remove', { key: id });
    }
  }
}

export const imageLoad: Handler<'image.load'> = {
  async run(op) {
    const { ingest } = op.intent.data.decided ?? { ingest: op.intent.op };
    const store = op.engine.parts.drivers.get('image-store', op.engine.parts.chosen.imageStore);
    return take(op, ingest, (body) => store.load(ingest, body, inTurn(op), op.streams.progress), asked(op).storageDriver);
  },
  async recover(op) {
    await discard(op, op.intent.data.decided?.ingest ?? op.intent.op, asked(op).storageDriver);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: (_, { images }) => ({ images: images.map(({ manifest, tags }) => ({ id: manifest.id, tags })) }),
};
