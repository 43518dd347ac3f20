import type { ContainerRecord, Digest, StateView } from '@shiplog/contracts';
import { exclusiveContent } from './exclusive-content.ts';
import { needsLayers } from './users.ts';

/**
 * Layers that only this container needs of its storage driver, or only those that go with it, uppermost first: none where its image is with that
 * driver too, nor of an image that is no more.
 */
export function exclusiveLayers(
  view: StateView,
  { id, imageId, storageDriver }: ContainerRecord,
  leaving: readonly string[] = [id],
): readonly Digest[] {
  const image = view.images.get(imageId);
  if (image === undefined || image.storageDriver === storageDriver) return [];
  const rest = { containers: new Map([...view.containers].filter(([other]) => !leaving.includes(other))) };
  if (needsLayers(rest, image, storageDriver)) return [];
  const others = [...view.images.values()].filter((other) => other.id !== imageId);
  return exclusiveContent(rest, { ...image, storageDriver }, others).snapshots;
}
