import { ShiplogError, type NetworkRecord } from '@shiplog/contracts';
import { broadcastOf, contains, formatIpv4, parseIpv4, parseSubnet } from './ipv4.ts';

/**
 * The address a container gets on a network: the requested one, else the lowest that is free. Network, broadcast and
 * gateway addresses are never given. Throws SPEC_INVALID for an address outside the subnet, ADDRESS_IN_USE for a taken
 * one, ADDRESS_POOL_EXHAUSTED when none is left. `leases` are those of the network, by address.
 */
export function leaseAddress(
  network: NetworkRecord,
  leases: ReadonlyMap<string, string>,
  requested: string | undefined,
): { readonly ipv4: string; readonly prefixLength: number } {
  const subnet = parseSubnet(network.subnet);
  if (subnet === undefined) {
    if (requested === undefined || requested === '') return { ipv4: '', prefixLength: 0 };
    throw new ShiplogError('SPEC_INVALID', `network ${network.name} has no subnet, so no address can be asked for on it`, { requested });
  }
  const { prefixLength } = subnet;
  const last = broadcastOf(subnet);
  if (requested !== undefined && requested !== '') {
    const address = parseIpv4(requested);
    if (address === undefined || !contains(subnet, address) || address === subnet.base || address === last) {
      throw new ShiplogError('SPEC_INVALID', `invalid address ${requested}: it does not belong to subnet ${network.subnet}`, {
        network: network.name,
        subnet: network.subnet,
      });
    }
    if (requested === network.gateway || leases.has(requested)) {
      throw new ShiplogError('ADDRESS_IN_USE', `Address already in use: ${requested} on network ${network.name}`, {
        network: network.name,
        holder: leases.get(requested) ?? 'gateway',
      });
    }
    return { ipv4: requested, prefixLength };
  }
  for (let address = subnet.base + 1; address < last; address++) {
    const ipv4 = formatIpv4(address);
    if (ipv4 !== network.gateway && !leases.has(ipv4)) return { ipv4, prefixLength };
  }
  throw new ShiplogError('ADDRESS_POOL_EXHAUSTED', `no available IPv4 addresses on network ${network.name} (${network.subnet})`, {
    network: network.name,
    leased: leases.size,
  });
}
