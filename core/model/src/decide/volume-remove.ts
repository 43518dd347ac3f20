import { ShiplogError } from '@shiplog/contracts';
import { volumeUsers } from '../projections/users.ts';
import type { Decider } from './verdict.ts';

/** Force makes the removal of a volume that does not exist succeed, as in Docker, and of one whose driver does not; it never takes one from a container. */
export const decideVolumeRemove: Decider<'volume.remove'> = (view, { args }) => {
  const name = args.volume;
  if (args.force && !view.volumes.has(name)) return { decided: { name }, expected: 'any', effectless: true };
  view.volume(name);
  const users = volumeUsers(view, name);
  if (users.length > 0) {
    throw new ShiplogError('VOLUME_IN_USE', `remove ${name}: volume is in use - [${users.map(({ id }) => id).join(', ')}]`, {
      volume: name,
    });
  }
  return { decided: { name }, expected: 'any' };
};
