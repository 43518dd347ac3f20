import { recordLook } from '../record-look.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, pastParameter, type Route } from '../route.ts';

/** `GET log/hash?at=MOMENT`: SHA-256 over the state folded up to that moment. Who folds the same events gets the same. */
export const hash: Route = {
  path: ['log', 'hash'],
  query: ['at'],
  async answer(exchange: Exchange): Promise<void> {
    const { engine, query, response } = exchange;
    await recordLook(exchange);
    using _held = engine.log.hold();
    replyJson(response, 200, await engine.stateHash(pastParameter(query, 'at')));
  },
};
