import type { EndpointRecord, EndpointRequest, NetworkRecord, StateView } from '@shiplog/contracts';
import { leaseAddress } from './lease-address.ts';
import { leasesOf } from './leases-of.ts';
import { macOf } from './mac-of.ts';

/** A container's place on `network`, with an address of its own there. Throws as {@link leaseAddress} does. */
export function leaseEndpoint(
  view: StateView,
  network: NetworkRecord,
  request: EndpointRequest,
  place: Pick<EndpointRecord, 'id' | 'ifName' | 'ports'>,
): EndpointRecord {
  const { ipv4, prefixLength } = leaseAddress(network, leasesOf(view, network.id), request.ipv4);
  return {
    ...place,
    networkId: network.id,
    networkName: network.name,
    ipv4,
    prefixLength,
    gateway: network.gateway,
    mac: request.mac ?? macOf(ipv4),
    aliases: request.aliases ?? [],
  };
}
