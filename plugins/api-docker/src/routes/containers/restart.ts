import { type Exchange, decode, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';
import { stopOptions } from './stop-options.ts';

/** `POST /containers/{id}/restart`. */
export async function restartContainer(exchange: Exchange): Promise<void> {
  const options = await decode(exchange, 'container.restart', () => stopOptions(exchange.query));
  await exchange.engine.execute('container.restart', { container: param(exchange, 'id'), ...options }, exchange.caller);
  empty(exchange.response, 204);
}
