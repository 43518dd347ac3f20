import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { isUp } from '../projections/is-up.ts';
import { checkResources } from './check-resources.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** Effectless unless the container runs and gets other limits. Limits hold together with those that stay. */
export const decideContainerUpdate: Decider<'container.update'> = (view, { args }) => {
  const container = view.container(args.container);
  const { limits, restart } = args;
  if (container.busy?.verb === 'container.create' || container.status === 'removing') requireIdle(container);
  checkSwap(container.spec.resources, limits);
  checkResources({ ...container.spec.resources, ...limits });
  if (restart !== undefined && restart.policy !== 'no' && container.spec.autoRemove) {
    throw new ShiplogError('SPEC_INVALID', 'Restart policy cannot be updated because AutoRemove is enabled for the container', {
      id: container.id,
    });
  }
  return {
    decided: { id: container.id, limits, ...(restart === undefined ? {} : { restart }) },
    expected: 'stream-exists',
    effectless: !isUp(container) || Object.keys(limits).length === 0,
  };
};

/** Docker's words for the mistake that raising a memory limit leads to, since one alone brings a limit of swap along. */
function checkSwap(current: ResourceLimits, { memoryBytes = 0, memorySwapBytes }: ResourceLimits): void {
  const { memorySwapBytes: swap = 0 } = current;
  if (memorySwapBytes !== undefined || swap <= 0 || memoryBytes <= swap) return;
  throw new ShiplogError(
    'SPEC_INVALID',
    'Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time',
    { memory: memoryBytes, swap },
  );
}
