import { ShiplogError } from '@shiplog/contracts';
import { exclusiveLayers } from '../projections/exclusive-layers.ts';
import { isUp } from '../projections/is-up.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/**
 * Effectless where it is already. Refused CONTAINER_RUNNING while it is up. Its image stays with the driver that holds it: the layers that the
 * container lies on are with both from then on.
 */
export const decideContainerMigrate: Decider<'container.migrate'> = (view, { args }) => {
  const container = view.container(args.container);
  const { id, name, storageDriver: from } = container;
  const { storageDriver: to } = args;
  if (to === '') throw new ShiplogError('REQUEST_INVALID', 'name the storage driver that the container is to go to');
  requireIdle(container);
  if (from === to) return { decided: { id, from, to, snapshots: [] }, expected: 'stream-exists', effectless: true };
  if (isUp(container) || container.active)
    throw new ShiplogError('CONTAINER_RUNNING', `container ${name} cannot leave ${from} while it runs: stop it first`, { id });
  // Refused where the image is no more.
  view.image(container.imageId);
  const snapshots = exclusiveLayers(view, container);
  return { decided: { id, from, to, snapshots }, expected: 'stream-exists', effectless: false };
};
