import { ShiplogError } from '@shiplog/contracts';
import { isUp } from '../projections/is-up.ts';
import { requireIdle } from './require.ts';
import { stopPlan } from './stop-plan.ts';
import type { Decider } from './verdict.ts';

/** A stop beside another stop is refused CONTAINER_BUSY; the engine waits for the first and then finds it stopped. One that waits to be started again is not. */
export const decideContainerStop: Decider<'container.stop'> = (view, { args, givens }) => {
  const container = view.container(args.container);
  if (container.busy?.verb !== 'container.release') requireIdle(container);
  const plan = stopPlan(view, container, args, givens.defaults);
  if (!isUp(container) && container.status !== 'restarting') {
    throw new ShiplogError('CONTAINER_ALREADY_STOPPED', `container ${container.name} is already stopped`, { id: container.id });
  }
  return { decided: { id: container.id, ...plan }, expected: 'stream-exists' };
};
