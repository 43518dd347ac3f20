import { cpus } from 'node:os';
import { type Exchange, decode, jsonBody, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { translateUpdate } from '../../translate/container-update.ts';

/** `POST /containers/{id}/update`. */
export async function updateContainer(exchange: Exchange): Promise<void> {
  const changes = await decode(exchange, 'container.update', async () => translateUpdate(await jsonBody(exchange), cpus().length));
  const args = { container: param(exchange, 'id'), ...changes };
  const { warnings } = await exchange.engine.execute('container.update', args, exchange.caller);
  json(exchange.response, 200, { Warnings: warnings });
}
