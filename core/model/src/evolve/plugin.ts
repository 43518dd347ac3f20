import type { EventsOf, Evolvers } from './evolvers.ts';
import { pendingOf } from './pending.ts';

/** Disabled from the intent on, so that no call comes behind the back of the end; enabled again once it runs. */
export const pluginEvolvers: Evolvers<EventsOf<'plugin'>> = {
  'plugin.enable.requested': () => undefined,
  'plugin.enable.succeeded': (state, event) => {
    const pending = pendingOf(state, event.op, 'plugin.enable');
    if (pending !== undefined) state.plugins.delete(pending.decided.name);
  },
  'plugin.enable.failed': () => undefined,
  'plugin.disable.requested': (state, event) => {
    const name = event.data.decided?.name;
    if (name !== undefined && !state.plugins.has(name)) state.plugins.set(name, { name, enabled: false, disabledAt: event.t });
  },
  'plugin.disable.succeeded': () => undefined,
  'plugin.disable.failed': (state, event) => {
    const pending = pendingOf(state, event.op, 'plugin.disable');
    if (pending !== undefined) state.plugins.delete(pending.decided.name);
  },
  'plugin.reload.requested': () => undefined,
  'plugin.reload.succeeded': () => undefined,
  'plugin.reload.failed': () => undefined,
};
