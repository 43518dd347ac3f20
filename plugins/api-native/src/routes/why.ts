import type { CauseLink, Explanation } from '@shiplog/contracts';
import type { InspectAnswer } from '../inspect.ts';
import { inspectAt, inspectNow } from '../inspect.ts';
import { recordLook } from '../record-look.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, pastParameter, objectOf, type Route } from '../route.ts';
import { howCameIt, howIsItsHealth, whyIsIt } from '../why.ts';

/** An object, and the events that made it so. */
export type WhyAnswer = InspectAnswer & Explanation;

/**
 * `GET why/{kind}/{ref}?at=MOMENT`: why an object is as it is: the chain of causes from its state back to whoever asked. `kind` and `ref` as with
 * `inspect`, removed objects included.
 */
export const why: Route = {
  path: ['why'],
  takesRest: true,
  query: ['at'],
  async answer(exchange: Exchange): Promise<void> {
    const { engine, query, rest, response } = exchange;
    await recordLook(exchange, { ref: [rest.join('/')] });
    using _held = engine.log.hold();
    const { kinds, ref } = objectOf('why', rest);
    const at = pastParameter(query, 'at');
    const found = at === undefined ? await inspectNow(engine, kinds, ref) : await inspectAt(engine, kinds, ref, at);
    const open = await engine.callers();
    const reveal = (links: readonly CauseLink[]): readonly CauseLink[] =>
      links.map(({ relation, event }) => ({ relation, event: { ...event, actor: open(event.actor) } }));
    const chain = await whyIsIt(engine.log, found);
    const origin = await howCameIt(engine.log, found);
    const same = origin[0] !== undefined && chain.some(({ event }) => event.seq === origin[0]?.event.seq);
    const answer: WhyAnswer = {
      ...found,
      chain: reveal(chain),
      origin: same ? [] : reveal(origin),
      health: reveal(await howIsItsHealth(engine.log, found)),
    };
    replyJson(response, 200, answer);
  },
};
