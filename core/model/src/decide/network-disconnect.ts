import { ShiplogError } from '@shiplog/contracts';
import { joinedNetworks } from '../network/joined-networks.ts';
import { requireIdle } from './require.ts';
import type { Decider } from './verdict.ts';

/** The network may be the one the container was created on. Ports that are published there go with it, until the next start. */
export const decideNetworkDisconnect: Decider<'network.disconnect'> = (view, { args }) => {
  const network = view.network(args.network);
  const container = view.container(args.container);
  requireIdle(container);
  const { driver, name } = network;
  if (driver === 'host' || driver === 'none') {
    throw new ShiplogError(
      'SPEC_INVALID',
      `container cannot be disconnected from network ${name}: it is chosen when a container is created`,
      {
        network: name,
      },
    );
  }
  const endpoint = Object.values(container.endpoints).find(({ networkId }) => networkId === network.id);
  const joined = joinedNetworks(view, container.spec, () => undefined).some((one) => one.network.id === network.id);
  if (!joined && endpoint === undefined) {
    throw new ShiplogError('ENDPOINT_NOT_FOUND', `container ${container.id} is not connected to network ${name}`, {
      container: container.id,
      network: network.id,
    });
  }
  const decided = { id: container.id, networkId: network.id, networkName: name };
  if (!container.active || endpoint === undefined) return { decided, expected: 'stream-exists', effectless: true };
  return { decided: { ...decided, endpoint }, expected: 'stream-exists' };
};
