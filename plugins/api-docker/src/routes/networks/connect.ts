import { type Exchange, decode, jsonBody, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';
import { connectionOf, containerOf } from '../../translate/network-connection.ts';

/** `POST /networks/{id}/connect`. */
export async function connectNetwork(exchange: Exchange): Promise<void> {
  const asked = await decode(exchange, 'network.connect', async () => connectionOf(await jsonBody(exchange)));
  await exchange.engine.execute('network.connect', { network: param(exchange, 'id'), ...asked }, exchange.caller);
  empty(exchange.response, 200);
}

/** `POST /networks/{id}/disconnect`. Nothing keeps a container from leaving, so `Force` changes nothing. */
export async function disconnectNetwork(exchange: Exchange): Promise<void> {
  const container = await decode(exchange, 'network.disconnect', async () => containerOf(await jsonBody(exchange)));
  await exchange.engine.execute('network.disconnect', { network: param(exchange, 'id'), container }, exchange.caller);
  empty(exchange.response, 200);
}
