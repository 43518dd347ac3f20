import { type Exchange, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { json } from '../../http/reply.ts';

/** `DELETE /images/{name}`. */
export async function removeImage(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response } = exchange;
  const args = { image: param(exchange, 'name'), force: booleanOf(query, 'force'), prune: !booleanOf(query, 'noprune') };
  const { untagged, deleted } = await engine.execute('image.remove', args, caller);
  json(response, 200, [...untagged.map((tag) => ({ Untagged: tag })), ...deleted.map((id) => ({ Deleted: id }))]);
}
