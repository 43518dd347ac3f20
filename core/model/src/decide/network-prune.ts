import { isUnsettled } from '../network/unsettled.ts';
import { networkUsers } from '../projections/users.ts';
import { requireNoPrune } from './require-no-prune.ts';
import type { Decider } from './verdict.ts';

/**
 * Of the networks named (ids), those that people made, that hold nothing of a container, and that are neither being made nor removed: as in Docker, what
 * only stopped containers are configured for goes. None is no error.
 */
export const decideNetworkPrune: Decider<'network.prune'> = (view, { args }) => {
  requireNoPrune(view, 'network.prune');
  const networks = [...new Set(args.networks)].flatMap((id) => {
    const network = view.networks.get(id);
    if (network === undefined || network.predefined || networkUsers(view, id).length > 0 || isUnsettled(view, network)) return [];
    return [{ id, name: network.name }];
  });
  return { decided: { networks }, expected: 'any', effectless: networks.length === 0 };
};
