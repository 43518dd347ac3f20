import { type ContainerRecord, type NetworkRecord, ShiplogError } from '@shiplog/contracts';
import { endpointClaims } from '../network/claims.ts';
import { joinedNetworks } from '../network/joined-networks.ts';
import { leaseAddress } from '../network/lease-address.ts';
import { leaseEndpoint } from '../network/lease-endpoint.ts';
import { refuseUnsettled } from '../network/unsettled.ts';
import { hasEnded } from '../projections/is-up.ts';
import { requireIdle } from './require.ts';
import { takeId } from './take-id.ts';
import type { Decider } from './verdict.ts';

/**
 * A container that is up gets an endpoint at once, without published ports; one that is down joins when it starts next. Containers without a
 * namespace of their own, or with an empty one, join nothing.
 */
export const decideNetworkConnect: Decider<'network.connect'> = (view, { args, givens }) => {
  const network = view.network(args.network);
  const container = view.container(args.container);
  requireIdle(container);
  requireJoinable(container, network);
  refuseUnsettled(view, network);
  if (joinedNetworks(view, container.spec, () => undefined).some((joined) => joined.network.id === network.id)) {
    throw new ShiplogError('ENDPOINT_EXISTS', `endpoint with name ${container.name} already exists in network ${network.name}`, {
      container: container.id,
      network: network.id,
    });
  }
  const decided = { id: container.id, networkId: network.id, networkName: network.name, request: args.endpoint };
  if (!container.active) {
    leaseAddress(network, new Map(), args.endpoint.ipv4);
    return { decided, expected: 'stream-exists', effectless: true };
  }
  const endpoint = leaseEndpoint(view, network, args.endpoint, { id: takeId(givens, 0), ifName: freeInterface(container), ports: [] });
  return { decided: { ...decided, endpoint }, expected: 'stream-exists', ...endpointClaims([endpoint]) };
};

function requireJoinable(container: ContainerRecord, { name, driver }: NetworkRecord): void {
  const { id, spec, active } = container;
  const refused = (message: string): ShiplogError => new ShiplogError('SPEC_INVALID', message, { container: id, network: name });
  if (driver === 'host' || driver === 'none')
    throw refused(`container cannot be connected to network ${name}: it is chosen when a container is created`);
  if (spec.networkDisabled || ['host', 'none'].includes(spec.networkMode)) {
    throw refused(`container with network mode ${spec.networkDisabled ? 'none' : spec.networkMode} cannot be connected to other networks`);
  }
  if (spec.networkMode.startsWith('container:')) {
    throw refused('container sharing network namespace with another container or host cannot be connected to any other network');
  }
  if (active && hasEnded(container)) {
    throw new ShiplogError('CONTAINER_BUSY', `container ${id} still holds host resources of its last run, try again`, { id });
  }
}

/** The lowest `eth<n>` that no endpoint has. */
function freeInterface({ endpoints }: ContainerRecord): string {
  const taken = new Set(Object.values(endpoints).map(({ ifName }) => ifName));
  for (let index = 0; ; index += 1) if (!taken.has(`eth${index}`)) return `eth${index}`;
}
