import type { EndpointRecord } from '@shiplog/contracts';
import type { State } from '../state.ts';

/** Leases the endpoints' addresses to a container. */
export function takeLeases(state: State, containerId: string, endpoints: readonly EndpointRecord[]): void {
  for (const { networkId, ipv4 } of endpoints) {
    const network = state.networks.get(networkId);
    if (network === undefined || ipv4 === '') continue;
    state.networks.set(networkId, { ...network, leases: { ...network.leases, [ipv4]: containerId } });
  }
}

/** Gives back every address the container's endpoints lease. */
export function dropLeases(state: State, containerId: string, endpoints: readonly EndpointRecord[]): void {
  for (const { networkId, ipv4 } of endpoints) {
    const network = state.networks.get(networkId);
    if (network === undefined || network.leases[ipv4] !== containerId) continue;
    const { [ipv4]: _, ...leases } = network.leases;
    state.networks.set(networkId, { ...network, leases });
  }
}
