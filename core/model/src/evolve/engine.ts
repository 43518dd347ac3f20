import type { EventsOf, Evolvers } from './evolvers.ts';

/** Steps of an open operation, by name, in the order they were done. */
export const operationEvolvers: Evolvers<EventsOf<'operation'>> = {
  'operation.step': (state, event) => {
    const open = state.openOperations.get(event.op);
    if (open !== undefined) state.openOperations.set(event.op, { ...open, steps: [...open.steps, event.data.step] });
  },
};
