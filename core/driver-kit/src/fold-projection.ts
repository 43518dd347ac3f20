import type { Fold, Projection } from '@shiplog/contracts';

/** Makes a projection of a pure fold. It holds the state in memory, and folds nothing before what came before. */
export function foldProjection<S>(fold: Fold<S>): Projection {
  let state = fold.initial();
  let next = 0;
  return {
    async fold({ from, events, anew }) {
      if (from === 0 || anew === true) {
        state = fold.initial();
        next = from;
      }
      for (const [index, event] of events.entries()) {
        // Past a gap nothing is folded, and what is told again counts once: the answer says where it is.
        if (from + index !== next) continue;
        state = fold.apply(state, event);
        next += 1;
      }
      return { seq: next - 1 };
    },
    view: async ({ query }) => ({ view: fold.view(state, query) }),
  };
}
