import { ShiplogError } from '@shiplog/contracts';
import type { Decider } from './verdict.ts';

export const decideContainerUnpause: Decider<'container.unpause'> = (view, { args }) => {
  const container = view.container(args.container);
  if (container.status !== 'paused') {
    throw new ShiplogError('CONTAINER_NOT_PAUSED', `Container ${container.id} is not paused`, {
      id: container.id,
      status: container.status,
    });
  }
  return { decided: { id: container.id }, expected: 'stream-exists' };
};
