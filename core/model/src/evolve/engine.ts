import type { EventsOf, Evolvers } from './evolvers.ts';

/** What drivers journaled with the steps of an open operation, by name. A step that says no more than its name changes nothing. */
export const operationEvolvers: Evolvers<EventsOf<'operation'>> = {
  'operation.step': (state, event) => {
    const { step, answer } = event.data;
    if (answer === undefined) return;
    const open = state.openOperations.get(event.op);
    if (open !== undefined) state.openOperations.set(event.op, { ...open, answers: { ...open.answers, [step]: answer } });
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
