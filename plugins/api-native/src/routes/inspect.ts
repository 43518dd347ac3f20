import { inspectAt, inspectNow } from '../inspect.ts';
import { recordLook } from '../record-look.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, pastParameter, objectOf, type Route } from '../route.ts';

/**
 * `GET inspect/{kind}/{ref}?at=MOMENT`: one object's record at a moment. `kind` is container, image, network, volume or any;
 * `ref` a name, id or id prefix, of whoever held it then. Without `at` also what was removed: as it last was, with `removedAt`.
 */
export const inspect: Route = {
  path: ['inspect'],
  takesRest: true,
  query: ['at'],
  async answer(exchange: Exchange): Promise<void> {
    const { engine, query, rest, response } = exchange;
    await recordLook(exchange, { ref: [rest.join('/')] });
    using _held = engine.log.hold();
    const { kinds, ref } = objectOf('inspect', rest);
    const at = pastParameter(query, 'at');
    replyJson(response, 200, at === undefined ? await inspectNow(engine, kinds, ref) : await inspectAt(engine, kinds, ref, at));
  },
};
