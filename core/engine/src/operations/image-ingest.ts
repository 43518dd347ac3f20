import type { Digest, IngestedImage, LoadedImage } from '@shiplog/contracts';
import type { Operation } from '../operation.ts';

/** Turns stored blobs into snapshots, bottom-up. Layers that another image holds are not made again, nor taken back. */
export async function unpack(op: Operation, images: readonly IngestedImage[], storageDriver: string): Promise<readonly LoadedImage[]> {
  const store = op.engine.parts.drivers.get('image-store', op.engine.parts.chosen.imageStore);
  const held = new Set<Digest>();
  for (const image of op.engine.ledger.head.images.values()) for (const layer of image.layers) held.add(layer.chainId);
  for (const { manifest } of images) {
    let parent: Digest | undefined;
    for (const layer of manifest.layers) {
      const source = await store.path(layer.digest);
      op.streams.progress?.({ id: layer.diffId.slice(7, 19), status: 'Loading layer', current: 0, total: layer.size });
      await op.step(
        'storage',
        storageDriver,
        'applyLayer',
        { key: layer.chainId, ...(parent === undefined ? {} : { parent }), diffId: layer.diffId, source },
        { undoArgs: { key: layer.chainId }, lasting: held.has(layer.chainId), label: `storage.applyLayer ${layer.chainId}` },
      );
      op.streams.progress?.({ id: layer.diffId.slice(7, 19), status: 'Loading layer', current: layer.size, total: layer.size });
      parent = layer.chainId;
    }
  }
  return images.map(({ manifest, tags }) => ({ manifest, tags }));
}

/** Blobs of `images` that no image in the log holds. */
export function unheldBlobs(op: Operation, images: readonly IngestedImage[]): Digest[] {
  const held = new Set<string>();
  for (const image of op.engine.ledger.head.images.values()) {
    held.add(image.id);
    for (const layer of image.layers) held.add(layer.digest);
  }
  const blobs = images.flatMap(({ manifest }) => [manifest.id, ...manifest.layers.map((layer) => layer.digest)]);
  return [...new Set(blobs)].filter((digest) => !held.has(digest));
}
