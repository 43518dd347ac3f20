import { type Exchange, decode, param } from '../../http/exchange.ts';
import { textOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/rename`. */
export async function renameContainer(exchange: Exchange): Promise<void> {
  const name = await decode(exchange, 'container.rename', () => textOf(exchange.query, 'name').replace(/^\//, ''));
  await exchange.engine.execute('container.rename', { container: param(exchange, 'id'), name }, exchange.caller);
  empty(exchange.response, 204);
}
