import { Type } from '@sinclair/typebox';
import type { ShiplogEvent } from '../envelope.ts';
import type { Json } from '../json.ts';
import { type VerbsOf, verb } from './verb.ts';

/** One event of the log, as it is stored. */
const Event = Type.Unsafe<ShiplogEvent>(Type.Object({}));

/**
 * A projection folds the log into a view of its own, which anybody may ask for by the driver's name.
 *
 * It only reads. The engine hands it durable events in order, each once, from position 0 on, or from the first that was not pruned: it remembers
 * nothing that the log does not hold, and begins again with the first event after every load. Two projections fed the same events show the same.
 * Authors write a {@link Fold}; `foldProjection` of the driver kit makes a projection of it.
 */
export const PROJECTION_VERBS = {
  fold: verb({
    doc: 'Folds events in, the first of them at position `from`. Answers the position of the last one folded: below `from` when something before it was never folded, as after a load, and then folds nothing. `from: 0` begins anew, and so does `anew`: what was before `from` was pruned, and is not to be had.',
    args: Type.Object({ from: Type.Integer({ minimum: 0 }), events: Type.Array(Event), anew: Type.Optional(Type.Boolean()) }),
    answer: Type.Object({ seq: Type.Integer({ minimum: -1 }) }),
    simulate: ({ from, events }) => ({ seq: from + events.length - 1 }),
  }),
  view: verb({
    doc: 'Answers the view as it is now, any JSON value. `query` holds the parameters of the request.',
    args: Type.Object({ query: Type.Record(Type.String(), Type.String()) }),
    answer: Type.Object({ view: Type.Unsafe<Json>(Type.Any()) }),
    simulate: () => ({ view: null }),
  }),
} as const;

/** Holds nothing on the host, so there is nothing to observe. */
export interface Projection extends VerbsOf<typeof PROJECTION_VERBS> {}

/** A fold: pure, no clock, no chance, no I/O. */
export interface Fold<S> {
  initial(): S;
  /** The state after the event; may change `state` in place and answer it. Never throws for events it does not know. */
  apply(state: S, event: ShiplogEvent): S;
  /** What is shown of the state. */
  view(state: S, query: { readonly [parameter: string]: string }): Json;
}
