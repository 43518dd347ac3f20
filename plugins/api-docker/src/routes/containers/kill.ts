import { type Exchange, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/kill`. */
export async function killContainer(exchange: Exchange): Promise<void> {
  const signal = exchange.query.get('signal') ?? '';
  const args = { container: param(exchange, 'id'), signal: signal === '' ? 'KILL' : signal };
  await exchange.engine.execute('container.kill', args, exchange.caller);
  empty(exchange.response, 204);
}
