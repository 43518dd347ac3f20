import { ShiplogError } from '@shiplog/contracts';
import { INSPECT_KINDS, inspectAt, inspectNow, type InspectKind } from '../inspect.ts';
import { recordLook } from '../record-look.ts';
import { replyJson } from '../reply.ts';
import { type Exchange, momentParameter, type Route } from '../route.ts';

/**
 * `GET inspect/{kind}/{ref}?at=MOMENT`: one object's record at a moment. `kind` is container, image, network, volume or any;
 * `ref` a name, id or id prefix, of whoever held it then. Without `at` also what was removed: as it last was, with `removedAt`.
 */
export const inspect: Route = {
  path: ['inspect'],
  takesRest: true,
  query: ['at'],
  async answer({ engine, caller, query, rest, response }: Exchange): Promise<void> {
    await recordLook(engine, caller, query, { ref: [rest.join('/')] });
    const [word, ...names] = rest;
    const kinds = kindsOf(word ?? '');
    const ref = names.join('/');
    if (ref === '') throw new ShiplogError('REQUEST_INVALID', 'the path is inspect/{kind}/{ref}: the reference is missing');
    const at = momentParameter(query, 'at');
    replyJson(response, 200, at === undefined ? await inspectNow(engine, kinds, ref) : await inspectAt(engine, kinds, ref, at));
  },
};

function kindsOf(word: string): readonly InspectKind[] {
  if (word === 'any') return INSPECT_KINDS;
  const kind = INSPECT_KINDS.find((known) => known === word);
  if (kind !== undefined) return [kind];
  throw new ShiplogError('REQUEST_INVALID', `cannot inspect a "${word}": give one of ${INSPECT_KINDS.join(', ')}, any`, { kind: word });
}
