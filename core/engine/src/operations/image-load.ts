import { type IngestedImage, ShiplogError } from '@shiplog/contracts';
import type { Operation } from '../operation.ts';
import { type Handler, INTERRUPTED } from './handler.ts';
import { unheldBlobs, unpack } from './image-ingest.ts';

type Ingest = Operation<'image.load'> | Operation<'image.import'>;

/** Stores what `ingest` reads as blobs and snapshots, and takes both back on failure. */
export async function take(op: Ingest, ingest: string, read: (body: AsyncIterable<Uint8Array>) => Promise<readonly IngestedImage[]>) {
  const { parts } = op.engine;
  const { body } = op.streams;
  if (body === undefined) throw new ShiplogError('REQUEST_INVALID', 'the request has no archive');
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  const stored: { images: readonly IngestedImage[] } = { images: [] };
  await op.act(
    'image-store.ingest',
    async () => {
      stored.images = await read(body);
    },
    async () => {
      await store.discard(ingest);
      await store.remove(unheldBlobs(op, stored.images));
    },
  );
  const { storageDriver } = parts.defaults;
  return { images: await unpack(op, stored.images, storageDriver), storageDriver };
}

/** After a crash: removes what an ingest left that no image in the log holds. */
export async function discard(op: Ingest, ingest: string): Promise<void> {
  const { parts } = op.engine;
  const store = parts.drivers.get('image-store', parts.chosen.imageStore);
  await store.discard(ingest);
  const { images } = op.engine.ledger.head;
  const blobs = new Set<string>([...images.values()].flatMap((image) => [image.id, ...image.layers.map((layer) => layer.digest)]));
  const layers = new Set<string>([...images.values()].flatMap((image) => image.layers.map((layer) => layer.chainId)));
  const left = (await store.observe()).filter((found) => found.resource === 'blob' && !blobs.has(found.id));
  await store.remove(left.map((found) => found.id as `sha256:${string}`));
  const storage = parts.defaults.storageDriver;
  const snapshots = (await parts.drivers.get('storage', storage).observe()).filter(
    (found) => found.resource === 'snapshot' && found.id.startsWith('sha256:') && !layers.has(found.id),
  );
  for (const found of snapshots) await op.step('storage', storage, 'remove', { key: found.id });
}

export const imageLoad: Handler<'image.load'> = {
  async run(op) {
    const { ingest } = op.intent.data.decided ?? { ingest: op.intent.op };
    const store = op.engine.parts.drivers.get('image-store', op.engine.parts.chosen.imageStore);
    return take(op, ingest, (body) => store.load(ingest, body, op.ctx, op.streams.progress));
  },
  async recover(op) {
    await discard(op, op.intent.data.decided?.ingest ?? op.intent.op);
    return { status: 'failed', error: INTERRUPTED };
  },
  answer: (_, { images }) => ({ images: images.map(({ manifest, tags }) => ({ id: manifest.id, tags })) }),
};
