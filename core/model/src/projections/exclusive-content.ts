import type { Digest, ImageRecord, StateView } from '@shiplog/contracts';
import { needsLayers } from './users.ts';

/** What an image has that nothing else needs. */
export interface ExclusiveContent {
  /** Chain ids, uppermost first. */
  readonly snapshots: readonly Digest[];
  readonly blobs: readonly Digest[];
}

/** Snapshots and blobs (layers and config) of `image` that none of `others` uses. */
export function exclusiveContent(view: Pick<StateView, 'containers'>, image: ImageRecord, others: Iterable<ImageRecord>): ExclusiveContent {
  const snapshots = new Set<Digest>();
  const blobs = new Set<Digest>();
  for (const other of others) {
    blobs.add(other.id);
    // Snapshots are kept apart by each storage driver, blobs are common to all.
    const shares = needsLayers(view, other, image.storageDriver);
    for (const layer of other.layers) {
      if (shares) snapshots.add(layer.chainId);
      blobs.add(layer.digest);
    }
  }
  const own = [...new Set([image.id, ...image.layers.map(({ digest }) => digest)])];
  return {
    snapshots: [...new Set(image.layers.map(({ chainId }) => chainId))].toReversed().filter((chainId) => !snapshots.has(chainId)),
    blobs: own.filter((digest) => !blobs.has(digest)),
  };
}
