import { ShiplogError } from '@shiplog/contracts';
import { endpointClaims } from '../network/claims.ts';
import { planEndpoints } from '../network/plan-endpoints.ts';
import { healthcheckToRun } from '../projections/healthcheck.ts';
import { isUp } from '../projections/is-up.ts';
import { requireIdle, requireNotPaused } from './require.ts';
import type { Decider } from './verdict.ts';

/**
 * Refused CONTAINER_BUSY also while a container that has exited still holds what its last run had on the host: release
 * comes first. The engine may wait until `busy` is gone and `active` is false, and decide again.
 */
export const decideContainerStart: Decider<'container.start'> = (view, { args, givens }) => {
  const container = view.container(args.container);
  requireIdle(container);
  requireNotPaused(container, 'cannot start a paused container, try unpause instead');
  if (isUp(container)) {
    throw new ShiplogError('CONTAINER_ALREADY_STARTED', `container ${container.name} is already running`, { id: container.id });
  }
  if (container.active) {
    throw new ShiplogError('CONTAINER_BUSY', `container ${container.name} still holds host resources of its last run, try again`, {
      id: container.id,
      verb: 'container.release',
    });
  }
  const { endpoints, sandbox } = planEndpoints(view, container, givens);
  const decided = { id: container.id, endpoints, sandbox, ...healthcheckToRun(view, container) };
  return { decided, expected: 'stream-exists', ...endpointClaims(endpoints) };
};
