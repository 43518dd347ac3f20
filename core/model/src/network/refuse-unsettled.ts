import { type NetworkRecord, ShiplogError, type StateView } from '@shiplog/contracts';

/** A network that is being made may never be, and one that is being removed soon is not. */
export function refuseUnsettled(view: StateView, { id, name }: NetworkRecord): void {
  for (const open of view.openOperations.values()) {
    if (open.stream !== `network/${id}` || (open.verb !== 'network.create' && open.verb !== 'network.remove')) continue;
    const what = open.verb === 'network.create' ? 'creation' : 'removal';
    throw new ShiplogError('NETWORK_NOT_FOUND', `network ${name} not found: its ${what} is under way`, { network: id });
  }
}
