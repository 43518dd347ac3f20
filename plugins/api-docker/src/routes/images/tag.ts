import { type Exchange, decode, param } from '../../http/exchange.ts';
import { textOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';
import { withTag } from '../../translate/reference.ts';

/** `POST /images/{name}/tag`. */
export async function tagImage(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const reference = await decode(exchange, 'image.tag', () => withTag(textOf(query, 'repo'), query.get('tag')));
  await exchange.engine.execute('image.tag', { image: param(exchange, 'name'), reference }, exchange.caller);
  empty(exchange.response, 201);
}
