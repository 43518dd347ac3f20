import type { ContainerRecord, Digest, StateView } from '@shiplog/contracts';
import { exclusiveContent } from './exclusive-content.ts';
import { imageUsers } from './users.ts';

/**
 * Layers that only this container needs of its storage driver, uppermost first: none where its image is with that driver too, nor of an image
 * that is no more.
 */
export function exclusiveLayers(view: StateView, { id, imageId, storageDriver }: ContainerRecord): readonly Digest[] {
  const image = view.images.get(imageId);
  if (image === undefined || image.storageDriver === storageDriver) return [];
  if (imageUsers(view, imageId).some((other) => other.id !== id && other.storageDriver === storageDriver)) return [];
  const others = [...view.images.values()].filter((other) => other.id !== imageId);
  return exclusiveContent(view, { ...image, storageDriver }, others).snapshots;
}
