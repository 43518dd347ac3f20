import { type ContainerRecord, type ImageRecord, type ImageRemoval, ShiplogError, type StateView } from '@shiplog/contracts';
import { findImage } from '../projections/find-image.ts';
import { ancestorsLeft, childrenOf } from '../projections/image-family.ts';
import { isUp } from '../projections/is-up.ts';
import { shortId } from '../projections/short-id.ts';
import { imageUsers } from '../projections/users.ts';
import { exclusiveContent } from '../projections/exclusive-content.ts';
import type { Decider } from './verdict.ts';

/**
 * By name: the name goes, and the image with its last name. By id: all names and the image. Refused IMAGE_IN_USE as in
 * Docker, with one difference: an image that containers use is never deleted, because their root file systems stand on
 * its layers. Force takes its names away and leaves it without any; where it has none, force does not help.
 * What a build made of another image keeps that from being deleted, and goes with the last that was built of it, unless `prune` is false.
 */
export const decideImageRemove: Decider<'image.remove'> = (view, { args }) => {
  const { image, reference } = findImage(view.images, args.image);
  const removal = reference === undefined ? byId(view, image, args.force) : byName(view, image, reference, args);
  const ancestors = removal.remove && args.prune ? ancestorsLeft(view, [image]) : [];
  const gone = new Set<string>([image.id]);
  const removals = ancestors.map((ancestor) => deletion(view, ancestor, gone.add(ancestor.id)));
  return { decided: { removals: [removal, ...removals] }, expected: 'any', effectless: !removal.remove };
};

function byName(
  view: StateView,
  image: ImageRecord,
  reference: string,
  args: { readonly image: string; readonly force: boolean },
): ImageRemoval {
  const names = [...image.tags, ...image.repoDigests];
  const repository = repositoryOf(reference);
  const tagsLeft = image.tags.filter((tag) => tag !== reference);
  // Digests of a repository stand as long as a tag of it does.
  const gone = names.filter(
    (name) =>
      name === reference ||
      (name.includes('@') && repositoryOf(name) === repository && !tagsLeft.some((tag) => repositoryOf(tag) === repository)),
  );
  if (gone.length < names.length) return untag(image, gone);
  const [user] = imageUsers(view, image.id);
  if (user === undefined) return childrenOf(view, image.id).length > 0 ? untag(image, gone) : deletion(view, image);
  if (args.force) return untag(image, gone);
  throw new ShiplogError(
    'IMAGE_IN_USE',
    `conflict: unable to remove repository reference "${args.image}" (must force) - container ${shortId(user.id)} is using its referenced image ${shortId(image.id)}`,
    { image: image.id, container: user.id },
  );
}

function byId(view: StateView, image: ImageRecord, force: boolean): ImageRemoval {
  const users = imageUsers(view, image.id);
  const running = users.find(isUp);
  if (running !== undefined)
    throw inUse(image, 'cannot be forced', `image is being used by running container ${shortId(running.id)}`, running);
  if (!force && image.tags.length > 1) throw inUse(image, 'must be forced', 'image is referenced in multiple repositories');
  if (childrenOf(view, image.id).length > 0) throw inUse(image, 'cannot be forced', 'image has dependent child images');
  const [stopped] = users;
  if (stopped === undefined) return deletion(view, image);
  const names = [...image.tags, ...image.repoDigests];
  if (force && names.length > 0) return untag(image, names);
  const remedy = force ? 'cannot be forced' : 'must be forced';
  throw inUse(image, remedy, `image is being used by stopped container ${shortId(stopped.id)}`, stopped);
}

function untag(image: ImageRecord, names: readonly string[]): ImageRemoval {
  return { id: image.id, untag: names, remove: false, snapshots: [], blobs: [] };
}

/** `gone` are images that go with it, or before it. */
function deletion(view: StateView, image: ImageRecord, gone: ReadonlySet<string> = new Set([image.id])): ImageRemoval {
  const others = [...view.images.values()].filter(({ id }) => !gone.has(id));
  return {
    id: image.id,
    untag: [...image.tags, ...image.repoDigests],
    remove: true,
    storageDriver: image.storageDriver,
    ...exclusiveContent(view, image, others),
  };
}

function inUse(image: ImageRecord, remedy: string, reason: string, user?: ContainerRecord): ShiplogError {
  return new ShiplogError('IMAGE_IN_USE', `conflict: unable to delete ${shortId(image.id)} (${remedy}) - ${reason}`, {
    image: image.id,
    container: user?.id,
  });
}

/** The name without tag and digest. */
function repositoryOf(reference: string): string {
  const at = reference.indexOf('@');
  return at === -1 ? reference.slice(0, reference.lastIndexOf(':')) : reference.slice(0, at);
}
