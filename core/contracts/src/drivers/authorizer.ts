import { Type } from '@sinclair/typebox';
import { type VerbsOf, verb } from './verb.ts';

/** Any JSON object. */
const Facts = Type.Unsafe<object>(Type.Object({}));

/**
 * An authorizer sees what a client's request would do, before any of it is in the log, and says whether it may.
 *
 * It gets the decided intent, not the client's bytes: names are resolved, defaults filled in. All authorizers are asked, side by
 * side; one denial is enough. Verdicts are recorded with the intent (`operation.authorized`), and a denied request leaves intent
 * and outcome like any other that is refused. One that throws, lies or is late denies, unless its manifest says
 * `failurePolicy: 'open'`. Requests that were refused anyway, reads, and what the engine does by itself are not asked about.
 */
export const AUTHORIZER_VERBS = {
  authorize: verb({
    doc: 'Allows or denies one request. `type` is the command, `args` what was asked, `decided` what would be done; `actor` is who the kernel says asked. A denial names its rule and gives a reason for people. Decides by what it is given alone.',
    args: Type.Object({
      type: Type.String(),
      stream: Type.String(),
      args: Facts,
      decided: Facts,
      actor: Facts,
      /** Method and route template of the request, if one carried it. */
      req: Type.Optional(Facts),
      /** Nanoseconds since the epoch, decimal. */
      at: Type.String(),
    }),
    answer: Type.Union([
      Type.Object({ effect: Type.Literal('allow'), rule: Type.Optional(Type.String()) }),
      Type.Object({ effect: Type.Literal('deny'), rule: Type.String({ minLength: 1 }), reason: Type.String({ minLength: 1 }) }),
    ]),
    deadlineMs: 5_000,
    simulate: () => ({ effect: 'allow' as const }),
  }),
} as const;

/** Holds nothing on the host, so there is nothing to observe. */
export interface Authorizer extends VerbsOf<typeof AUTHORIZER_VERBS> {}
