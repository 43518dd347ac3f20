import { type NetworkRecord, ShiplogError, type StateView } from '@shiplog/contracts';
import { isBeingRemoved } from '../projections/is-being-removed.ts';

type Network = Pick<NetworkRecord, 'id' | 'name'>;

/** Whether a network is being made, which may never be, or removed, which soon is not. */
export function isUnsettled(view: StateView, network: Network): boolean {
  return underWay(view, network) !== undefined;
}

/** Throws NETWORK_NOT_FOUND for a network that {@link isUnsettled}. */
export function refuseUnsettled(view: StateView, network: Network): void {
  const what = underWay(view, network);
  if (what === undefined) return;
  throw new ShiplogError('NETWORK_NOT_FOUND', `network ${network.name} not found: its ${what} is under way`, { network: network.id });
}

function underWay(view: StateView, { id }: Network): 'creation' | 'removal' | undefined {
  if (isBeingRemoved(view, `network/${id}`)) return 'removal';
  for (const { verb, stream } of view.openOperations.values())
    if (verb === 'network.create' && stream === `network/${id}`) return 'creation';
  return undefined;
}
