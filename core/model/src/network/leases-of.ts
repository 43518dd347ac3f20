import type { StateView } from '@shiplog/contracts';

/**
 * Who holds which address of a network: address to container id. Read off the containers' endpoints, which say it already: kept
 * beside them it would be copied with every start.
 */
export function leasesOf(view: StateView, networkId: string): ReadonlyMap<string, string> {
  const leases = new Map<string, string>();
  for (const { id, active, endpoints } of view.containers.values()) {
    if (!active) continue;
    for (const endpoint of Object.values(endpoints)) {
      if (endpoint.networkId === networkId && endpoint.ipv4 !== '') leases.set(endpoint.ipv4, id);
    }
  }
  return leases;
}
