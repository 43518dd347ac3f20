import { type Exchange, decode, jsonBody } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { networkSpec } from '../../translate/network-spec.ts';

/** `POST /networks/create`. */
export async function createNetwork(exchange: Exchange): Promise<void> {
  const args = await decode(exchange, 'network.create', async () => networkSpec(await jsonBody(exchange)));
  const { id } = await exchange.engine.execute('network.create', args, exchange.caller);
  json(exchange.response, 201, { Id: id, Warning: '' });
}
