import type { ImageRecord, ImageRemoval } from '@shiplog/contracts';
import { ancestorsLeft, childrenOf } from '../projections/image-family.ts';
import { imageUsers } from '../projections/users.ts';
import { exclusiveContent } from '../projections/exclusive-content.ts';
import { requireNoPrune } from './require-no-prune.ts';
import type { Decider } from './verdict.ts';

/**
 * Of the images named (ids), those that still exist and that no container uses. None is no error. A layer that several of
 * them share goes with the last one that has it, so that no snapshot is removed before its children.
 */
export const decideImagePrune: Decider<'image.prune'> = (view, { args }) => {
  requireNoPrune(view, 'image.prune');
  const doomed = new Map<string, ImageRecord>();
  for (const id of args.images) {
    const image = view.images.get(id);
    if (image !== undefined && imageUsers(view, id).length === 0) doomed.set(id, image);
  }
  // What others were built of stays with them; what was built for these alone goes with them.
  for (let size = -1; size !== doomed.size;) {
    size = doomed.size;
    for (const id of doomed.keys()) if (childrenOf(view, id).some((child) => !doomed.has(child.id))) doomed.delete(id);
  }
  for (const ancestor of ancestorsLeft(view, [...doomed.values()])) doomed.set(ancestor.id, ancestor);
  const left = new Map(view.images);
  const removals = [...doomed.values()].map((image): ImageRemoval => {
    left.delete(image.id);
    const untag = [...image.tags, ...image.repoDigests];
    return { id: image.id, untag, remove: true, storageDriver: image.storageDriver, ...exclusiveContent(view, image, left.values()) };
  });
  return { decided: { removals }, expected: 'any', effectless: removals.length === 0 };
};
