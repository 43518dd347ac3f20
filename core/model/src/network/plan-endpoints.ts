import type { ContainerRecord, EndpointRecord, Givens, PortBinding, StateView } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import { takeId } from '../decide/take-id.ts';
import { assignPorts } from './ports.ts';
import { joinedNetworks } from './joined-networks.ts';
import { leaseEndpoint } from './lease-endpoint.ts';
import { refuseUnsettled } from './unsettled.ts';

/** Endpoints to attach, in order, and where the sandbox comes from: a driver's name or `container:<id>`. */
export interface EndpointPlan {
  readonly endpoints: readonly EndpointRecord[];
  readonly sandbox: string;
}

/** Drivers whose networks have addresses and publish nothing: containers stand on the wire, where everyone reaches all their ports. */
const UNPUBLISHED = new Set(['macvlan', 'ipvlan']);

/**
 * Leases an address on each network and decides host ports. Ports are published on the first network that has addresses, is not internal, and
 * whose driver publishes; on others (host, none, macvlan) they are dropped, as Docker does. Endpoint ids are `givens.ids` in order.
 */
export function planEndpoints(view: StateView, container: ContainerRecord, givens: Givens): EndpointPlan {
  const { spec } = container;
  if (spec.networkDisabled) return { endpoints: [], sandbox: 'none' };
  if (spec.networkMode.startsWith('container:')) return { endpoints: [], sandbox: requireRunningTarget(view, spec.networkMode) };
  const joined = joinedNetworks(view, spec, (error) => {
    throw error;
  });
  for (const { network } of joined) refuseUnsettled(view, network);
  const publisher = joined.find(({ network }) => network.subnet !== '' && !network.internal && !UNPUBLISHED.has(network.driver))?.network
    .id;
  const ports: readonly PortBinding[] = publisher === undefined ? [] : assignPorts(view, container, givens.freePorts ?? []);
  const endpoints = joined.map(({ network, request }, index) =>
    leaseEndpoint(view, network, request, {
      id: takeId(givens, index),
      ifName: `eth${index}`,
      ports: network.id === publisher ? ports : [],
    }),
  );
  return { endpoints, sandbox: joined[0]?.network.driver ?? 'none' };
}

/** The sandbox `container:<id>` of a mode that joins another container's. Throws CONTAINER_NOT_RUNNING if that one is down. */
export function requireRunningTarget(view: StateView, mode: string): string {
  const target = view.container(mode.slice('container:'.length));
  if (target.status !== 'running' && target.status !== 'paused') {
    throw new ShiplogError('CONTAINER_NOT_RUNNING', `cannot join network of a non running container: ${target.id}`, { id: target.id });
  }
  return `container:${target.id}`;
}
