import type { ContainerRecord, ContainerSpec, Decisions } from '@shiplog/contracts';
import { attachedInOrder } from '../network/attached-in-order.ts';
import { idleEndpoints, networkModeName } from '../network/joined-networks.ts';
import { findNetworkByName } from '../projections/find-network.ts';
import type { State } from '../state.ts';
import { change } from './container-record.ts';
import type { EventsOf, Evolvers } from './evolvers.ts';
import { removing } from './operations.ts';
import { pendingOf } from './pending.ts';

export const networkEvolvers: Evolvers<EventsOf<'network'>> = {
  'network.create.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) state.networks.set(decided.id, { ...decided, createdAt: event.t });
  },
  'network.create.succeeded': () => undefined,
  'network.create.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'network.create');
    if (pending !== undefined) state.networks.delete(pending.decided.id);
  },
  // It stays until it is gone for sure, so that its name and subnet are not given away; decide lets nobody join it meanwhile.
  'network.remove.requested': () => undefined,
  'network.remove.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'network.remove');
    if (pending !== undefined) state.networks.delete(pending.decided.id);
  },
  'network.remove.failed': () => undefined,
  'network.prune.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null)
      removing(
        state,
        event.op,
        'network',
        decided.networks.map(({ id }) => id),
      );
  },
  'network.prune.succeeded': (state, event) => {
    for (const id of event.data.removed) state.networks.delete(id);
  },
  'network.prune.failed': () => undefined,

  // The address is taken from here on; so is the container, which no other operation starts or stops meanwhile.
  'network.connect.requested': (state, event) => {
    const { decided } = event.data;
    const container = decided === null ? undefined : state.containers.get(decided.id);
    if (decided?.endpoint === undefined || container === undefined) return;
    const endpoints = { ...container.endpoints, [decided.networkName]: decided.endpoint };
    const isFirst = Object.keys(container.endpoints).length === 0;
    change(state, container.id, {
      busy: { op: event.op, verb: 'network.connect' },
      endpoints,
      ...(isFirst ? sandboxOf(container, 'none') : {}),
    });
  },
  'network.connect.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'network.connect');
    const container = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (pending === undefined || container === undefined) return;
    respecify(state, container, joining(state, container.spec, pending.decided));
  },
  'network.connect.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'network.connect');
    // Where nobody knows what is left, it is given back with all else the container has.
    if (pending !== undefined && event.result?.status !== 'unknown') leave(state, pending.decided);
  },
  'network.disconnect.requested': (state, event) => {
    const { decided } = event.data;
    if (decided?.endpoint !== undefined) change(state, decided.id, { busy: { op: event.op, verb: 'network.disconnect' } });
  },
  'network.disconnect.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'network.disconnect');
    const before = pending === undefined ? undefined : state.containers.get(pending.decided.id);
    if (pending === undefined || before === undefined) return;
    const { endpoint, networkId } = pending.decided;
    if (endpoint !== undefined && attachedInOrder(before)[0]?.networkId === networkId) {
      change(state, before.id, sandboxOf(before, state.networks.get(networkId)?.driver ?? 'none'));
    }
    leave(state, pending.decided);
    const container = state.containers.get(before.id);
    if (container !== undefined) respecify(state, container, leaving(state, container.spec, pending.decided.networkId));
  },
  'network.disconnect.failed': () => undefined,
};

/** Who made its namespace, where that is not known to be another. */
function sandboxOf({ sandbox }: ContainerRecord, driver: string): { readonly sandbox: string } {
  return { sandbox: sandbox ?? driver };
}

/** The container gives up its endpoint on a network, and what it leased there. */
function leave(state: State, { id, networkId }: { readonly id: string; readonly networkId: string }): void {
  const container = state.containers.get(id);
  if (container === undefined) return;
  const stay = Object.entries(container.endpoints).filter(([, endpoint]) => endpoint.networkId !== networkId);
  change(state, id, { endpoints: Object.fromEntries(stay) });
}

/** Other networks from now on; of a container that is down, the endpoints follow. */
function respecify(state: State, { id, active }: ContainerRecord, spec: ContainerSpec): void {
  change(state, id, { spec, ...(active ? {} : { endpoints: idleEndpoints(state, spec) }) });
}

function joining(
  state: State,
  spec: ContainerSpec,
  { networkId, networkName, request }: NonNullable<Decisions['network.connect']>,
): ContainerSpec {
  const { leftMain: _, ...rest } = spec;
  const returns = spec.leftMain === true && means(state, networkModeName(spec.networkMode), networkId);
  return { ...(returns ? rest : spec), endpoints: { ...spec.endpoints, [networkName]: request } };
}

function leaving(state: State, spec: ContainerSpec, networkId: string): ContainerSpec {
  const stay = Object.entries(spec.endpoints).filter(([ref]) => !means(state, networkModeName(ref), networkId));
  const leftMain = means(state, networkModeName(spec.networkMode), networkId);
  return { ...spec, endpoints: Object.fromEntries(stay), ...(leftMain ? { leftMain } : {}) };
}

/** Whether a container's reference to a network, which may be gone, means this one. */
function means(state: State, ref: string, networkId: string): boolean {
  return (findNetworkByName(state.networks, ref)?.id ?? ref) === networkId;
}
