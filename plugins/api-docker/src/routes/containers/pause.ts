import { type Exchange, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/pause`. */
export async function pauseContainer(exchange: Exchange): Promise<void> {
  await exchange.engine.execute('container.pause', { container: param(exchange, 'id') }, exchange.caller);
  empty(exchange.response, 204);
}
