import { type Exchange, decode, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';
import { stopOptions } from './stop-options.ts';

/** `POST /containers/{id}/stop`. */
export async function stopContainer(exchange: Exchange): Promise<void> {
  const options = await decode(exchange, 'container.stop', () => stopOptions(exchange.query));
  await exchange.engine.execute('container.stop', { container: param(exchange, 'id'), ...options }, exchange.caller);
  empty(exchange.response, 204);
}
