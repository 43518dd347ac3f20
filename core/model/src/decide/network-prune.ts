import { isUnsettled } from '../network/unsettled.ts';
import { networksUsed } from '../projections/users.ts';
import { requireNoPrune } from './require-no-prune.ts';
import type { Decider } from './verdict.ts';

/**
 * Of the networks named (ids), those that people made, that no container is on or configured for, up or down, and that are neither being made nor
 * removed. None is no error.
 */
export const decideNetworkPrune: Decider<'network.prune'> = (view, { args }) => {
  requireNoPrune(view, 'network.prune');
  const used = networksUsed(view);
  const networks = [...new Set(args.networks)].flatMap((id) => {
    const network = view.networks.get(id);
    if (network === undefined || network.predefined || used.has(id) || isUnsettled(view, network)) return [];
    return [{ id, name: network.name }];
  });
  return { decided: { networks }, expected: 'any', effectless: networks.length === 0 };
};
