import { forgetVolume } from './container-record.ts';
import type { EventsOf, Evolvers } from './evolvers.ts';
import { removing } from './operations.ts';
import { hold, pendingOf } from './pending.ts';

export const volumeEvolvers: Evolvers<EventsOf<'volume'>> = {
  'volume.create.requested': (state, event) => {
    const { decided } = event.data;
    if (decided === null || state.volumes.has(decided.name)) return;
    state.volumes.set(decided.name, { ...decided, createdAt: event.t });
    hold(state, event.op, { volumes: [decided.name] });
  },
  'volume.create.succeeded': (state, event) => {
    const name = pendingOf(state, event.op, 'volume.create')?.decided.name;
    const volume = name === undefined ? undefined : state.volumes.get(name);
    const { mountpoint } = event.data;
    if (volume !== undefined && mountpoint !== undefined) state.volumes.set(volume.name, { ...volume, mountpoint });
  },
  'volume.create.failed': (state, event) => {
    for (const name of pendingOf(state, event.op, 'volume.create')?.held.volumes ?? []) forgetVolume(state, name);
  },
  'volume.remove.requested': () => undefined,
  'volume.remove.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'volume.remove');
    if (pending !== undefined) state.volumes.delete(pending.decided.name);
  },
  'volume.remove.failed': () => undefined,
  'volume.prune.requested': (state, event) => {
    const { decided } = event.data;
    if (decided !== null) removing(state, event.op, 'volume', decided.names);
  },
  'volume.prune.succeeded': (state, event) => {
    for (const name of event.data.removed) state.volumes.delete(name);
  },
  'volume.prune.failed': () => undefined,
};
