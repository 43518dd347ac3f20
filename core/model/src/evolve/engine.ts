import type { EventsOf, Evolvers } from './evolvers.ts';

/** Steps of an open operation, by name, in the order they were done. */
export const operationEvolvers: Evolvers<EventsOf<'operation'>> = {
  'operation.step': (state, event) => {
    const open = state.openOperations.get(event.op);
    if (open === undefined) return;
    const { step, answer } = event.data;
    const answers = answer === undefined ? {} : { answers: { ...open.answers, [step]: answer } };
    state.openOperations.set(event.op, { ...open, steps: [...open.steps, step], ...answers });
  },
  // Verdicts are for those who read the log.
  'operation.authorized': () => undefined,
};

/** What drivers journaled was about a host that is gone: they begin their operations anew. */
export const hostEvolvers: Evolvers<'host.rebooted'> = {
  'host.rebooted': (state) => {
    for (const [op, { answers: _, ...open }] of state.openOperations) state.openOperations.set(op, open);
  },
};
