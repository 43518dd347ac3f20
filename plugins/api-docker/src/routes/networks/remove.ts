import { type Exchange, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `DELETE /networks/{id}`. */
export async function removeNetwork(exchange: Exchange): Promise<void> {
  await exchange.engine.execute('network.remove', { network: param(exchange, 'id') }, exchange.caller);
  empty(exchange.response, 204);
}
