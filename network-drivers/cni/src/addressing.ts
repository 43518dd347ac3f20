import { type Json, type JsonObject, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { isObject, type PluginConfiguration } from './conflist.ts';

type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];
type Attach = Parameters<NetworkDriver['attach']>[0];

const DEFAULT_ROUTE = '0.0.0.0/0';
/** Address management whose words about subnets can be held against the engine's, and replaced. */
const REPLACED: ReadonlySet<string> = new Set(['host-local', 'static']);

/**
 * Addresses are leased by the engine, in the log: whatever address management a list names is replaced by the plugin `static`, with the one address
 * that was leased. What the list says of subnets must agree with the network. Throws REQUEST_INVALID or NOT_SUPPORTED, and says what to do.
 */
export function checkAddressing({ type, ipam }: PluginConfiguration, { name, subnet, gateway }: Network): void {
  if (!isObject(ipam) || typeof ipam['type'] !== 'string') {
    throw new ShiplogError('REQUEST_INVALID', `plugin ${type} has no ipam with a type: its containers would have no addresses`, {
      plugin: type,
    });
  }
  if (!REPLACED.has(ipam['type'])) {
    throw new ShiplogError(
      'NOT_SUPPORTED',
      `ipam ${ipam['type']} leases addresses by itself; here the engine does, so the list has to say ${[...REPLACED].join(' or ')}`,
      { plugin: type, ipam: ipam['type'] },
    );
  }
  for (const range of [ipam, ...rangesOf(ipam['ranges'])]) {
    refuseOther('subnet', range['subnet'], subnet, name);
    refuseOther('gateway', range['gateway'], gateway, name);
    if (range['rangeStart'] === undefined && range['rangeEnd'] === undefined) continue;
    throw new ShiplogError('NOT_SUPPORTED', 'the engine leases from all of the subnet: leave out rangeStart and rangeEnd', {
      network: name,
    });
  }
}

/** The `ipam` of one endpoint: its address, and the routes of its network. */
export function addressingOf(ipam: JsonObject, { address, gateway, defaultRoute, network }: Attach): JsonObject {
  const routes = listOf(ipam['routes']).filter(isObject);
  return {
    type: 'static',
    addresses: [{ address, gateway }],
    routes: network.internal
      ? []
      : [
          ...(defaultRoute ? [{ dst: DEFAULT_ROUTE, gw: gateway }] : []),
          ...routes.filter(({ dst }) => dst !== DEFAULT_ROUTE && typeof dst === 'string' && !dst.includes(':')),
        ],
  };
}

/** A range set is a list of ranges, and `ranges` a list of those. */
function rangesOf(ranges: Json | undefined): readonly JsonObject[] {
  return listOf(ranges).flatMap(listOf).filter(isObject);
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? value : [];
}

function refuseOther(what: 'subnet' | 'gateway', said: Json | undefined, ours: string, network: string): void {
  if (said === undefined || said === ours) return;
  throw new ShiplogError(
    'REQUEST_INVALID',
    `the list says ${what} ${String(said)}, and network ${network} has ${ours}; create it with --${what} ${String(said)}, or leave it out of the list`,
    { [what]: ours },
  );
}
