import { ShiplogError } from '@shiplog/contracts';
import { isBeingRemoved } from '../projections/is-being-removed.ts';
import { networkUsers } from '../projections/users.ts';
import type { Decider } from './verdict.ts';

/** Refused while a container is attached; containers that are down and configured for it do not keep it. */
export const decideNetworkRemove: Decider<'network.remove'> = (view, { args }) => {
  const network = view.network(args.network);
  const { id, name } = network;
  if (network.predefined)
    throw new ShiplogError('NETWORK_PREDEFINED', `${name} is a pre-defined network and cannot be removed`, { id, name });
  const [user] = networkUsers(view, id);
  if (user !== undefined) {
    throw new ShiplogError('NETWORK_IN_USE', `error while removing network: network ${name} id ${id} has active endpoints`, {
      id,
      container: user.id,
    });
  }
  if (isBeingRemoved(view, `network/${id}`)) {
    throw new ShiplogError('NETWORK_NOT_FOUND', `network ${name} not found: its removal is under way`, { id });
  }
  return { decided: { id }, expected: 'stream-exists' };
};
