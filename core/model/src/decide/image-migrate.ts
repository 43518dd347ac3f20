import { ShiplogError } from '@shiplog/contracts';
import { shortId } from '../projections/short-id.ts';
import { imageUsers } from '../projections/users.ts';
import { exclusiveContent } from '../projections/exclusive-content.ts';
import type { Decider } from './verdict.ts';

/**
 * Effectless where it is already. Refused IMAGE_IN_USE while containers are made from it, stopped ones too: what they changed lies on the
 * layers where they are.
 */
export const decideImageMigrate: Decider<'image.migrate'> = (view, { args }) => {
  const image = view.image(args.image);
  const { storageDriver: to } = args;
  if (to === '') throw new ShiplogError('REQUEST_INVALID', 'name the storage driver that the image is to go to');
  const { id, storageDriver: from } = image;
  const [user] = imageUsers(view, id);
  if (user !== undefined && from !== to) {
    throw new ShiplogError(
      'IMAGE_IN_USE',
      `image ${shortId(id)} cannot leave ${from}: container ${user.name} is made from it; remove the container first`,
      { image: id, container: user.id },
    );
  }
  const others = [...view.images.values()].filter((other) => other.id !== id);
  const { snapshots } = exclusiveContent(view, image, others);
  return { decided: { id, from, to, snapshots: from === to ? [] : snapshots }, expected: 'any', effectless: from === to };
};
