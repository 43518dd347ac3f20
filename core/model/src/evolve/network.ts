import type { EventsOf, Evolvers } from './evolvers.ts';
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
};
