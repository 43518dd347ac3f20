import { type NetworkRecord, ShiplogError } from '@shiplog/contracts';
import { findByPrefix } from './find-by-prefix.ts';

/** The network that `ref` means: exact name before full id before unique id prefix. Throws NETWORK_NOT_FOUND or REFERENCE_AMBIGUOUS. */
export function findNetwork(networks: ReadonlyMap<string, NetworkRecord>, ref: string): NetworkRecord {
  const found = findNetworkByName(networks, ref) ?? networks.get(ref) ?? findByPrefix(networks, ref);
  if (found === undefined) throw new ShiplogError('NETWORK_NOT_FOUND', `network ${ref} not found`, { network: ref });
  return found;
}

/** The network that holds a name, if any does. */
export function findNetworkByName(networks: ReadonlyMap<string, NetworkRecord>, name: string): NetworkRecord | undefined {
  for (const network of networks.values()) if (network.name === name) return network;
  return undefined;
}
