import { type Exchange, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';

/** `DELETE /volumes/{name}`. */
export async function removeVolume(exchange: Exchange): Promise<void> {
  const args = { volume: param(exchange, 'name'), force: booleanOf(exchange.query, 'force') };
  await exchange.engine.execute('volume.remove', args, exchange.caller);
  empty(exchange.response, 204);
}
