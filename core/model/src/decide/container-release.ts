import { ShiplogError } from '@shiplog/contracts';
import { isUp } from '../projections/is-up.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** Refused CONTAINER_ALREADY_STOPPED where there is nothing to give back. */
export const decideContainerRelease: Decider<'container.release'> = (view, { args }) => {
  const container = view.container(args.container);
  requireIdle(container);
  if (isUp(container)) {
    throw new ShiplogError('CONTAINER_RUNNING', `cannot release container "/${container.name}": container is running`, {
      id: container.id,
    });
  }
  if (!container.active) {
    throw new ShiplogError('CONTAINER_ALREADY_STOPPED', `container ${container.name} holds no host resources`, { id: container.id });
  }
  return { decided: { id: container.id }, expected: 'stream-exists' };
};
