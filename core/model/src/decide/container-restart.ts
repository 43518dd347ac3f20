import type { ContainerRecord, StateView } from '@shiplog/contracts';
import { attachedInOrder } from '../network/attached-in-order.ts';
import { endpointClaims } from '../network/claims.ts';
import { planEndpoints, requireRunningTarget } from '../network/plan-endpoints.ts';
import { healthcheckToRun } from '../projections/healthcheck.ts';
import { requireIdle } from './require.ts';
import { stopPlan } from './stop-plan.ts';
import type { Decider } from './verdict.ts';

/**
 * Stops if it runs, starts in any case. A container that holds endpoints keeps exactly these (ids, addresses, host ports),
 * so nothing is claimed anew and recovery knows what to detach; another gets them as at start.
 */
export const decideContainerRestart: Decider<'container.restart'> = (view, { args, givens }) => {
  const container = view.container(args.container);
  requireIdle(container);
  const plan = { ...stopPlan(view, container, args, givens.defaults), ...healthcheckToRun(view, container) };
  if (container.active) {
    const decided = { id: container.id, ...plan, endpoints: attachedInOrder(container), sandbox: sandboxOf(view, container) };
    return { decided, expected: 'stream-exists' };
  }
  const { endpoints, sandbox } = planEndpoints(view, container, givens);
  return { decided: { id: container.id, ...plan, endpoints, sandbox }, expected: 'stream-exists', ...endpointClaims(endpoints) };
};

function sandboxOf(view: StateView, container: ContainerRecord): string {
  const { spec } = container;
  if (!spec.networkDisabled && spec.networkMode.startsWith('container:')) return requireRunningTarget(view, spec.networkMode);
  if (container.sandbox !== undefined) return container.sandbox;
  const first = attachedInOrder(container)[0];
  return (first === undefined ? undefined : view.networks.get(first.networkId)?.driver) ?? 'none';
}
