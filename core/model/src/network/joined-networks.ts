import type { ContainerSpec, EndpointRecord, EndpointRequest, NetworkRecord, StateView } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import { findNetwork } from '../projections/find-network.ts';

/** A network that a container joins, with what was asked for there. */
export interface Joined {
  readonly network: NetworkRecord;
  readonly request: EndpointRequest;
}

/**
 * The networks a spec joins, in the order they are attached: that of `networkMode` first, unless it was left, then the others by name. None
 * with `container:` mode or without network. A network that is missing is handed to `missing`, which may throw.
 */
export function joinedNetworks(view: StateView, spec: ContainerSpec, missing: (error: ShiplogError) => void): readonly Joined[] {
  if (spec.networkDisabled || spec.networkMode.startsWith('container:')) return [];
  const joined = new Map<string, Joined>();
  const main = spec.leftMain === true ? [] : [networkModeName(spec.networkMode)];
  for (const ref of [...main, ...Object.keys(spec.endpoints).toSorted()]) {
    const network = lookUp(view, networkModeName(ref), missing);
    if (network === undefined) continue;
    const before = joined.get(network.id);
    joined.set(network.id, { network, request: { ...before?.request, ...spec.endpoints[ref] } });
  }
  return [...joined.values()];
}

/** `default` and nothing mean the network named `bridge`. */
export function networkModeName(mode: string): string {
  return mode === '' || mode === 'default' ? 'bridge' : mode;
}

/** Endpoints of a container that is down: the networks it is configured for, without leases. Missing networks are left out. */
export function idleEndpoints(view: StateView, spec: ContainerSpec): { readonly [network: string]: EndpointRecord } {
  const joined = joinedNetworks(view, spec, () => undefined);
  return Object.fromEntries(
    joined.map(({ network, request }, index) => [
      network.name,
      {
        id: '',
        networkId: network.id,
        networkName: network.name,
        ifName: `eth${index}`,
        ipv4: '',
        prefixLength: 0,
        gateway: '',
        mac: request.mac ?? '',
        aliases: request.aliases ?? [],
        ports: [],
      },
    ]),
  );
}

function lookUp(view: StateView, ref: string, missing: (error: ShiplogError) => void): NetworkRecord | undefined {
  try {
    return findNetwork(view.networks, ref);
  } catch (error) {
    if (!(error instanceof ShiplogError)) throw error;
    missing(error);
    return undefined;
  }
}
