import { type Exchange, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/unpause`. */
export async function unpauseContainer(exchange: Exchange): Promise<void> {
  await exchange.engine.execute('container.unpause', { container: param(exchange, 'id') }, exchange.caller);
  empty(exchange.response, 204);
}
