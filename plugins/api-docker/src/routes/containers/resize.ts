import { type Exchange, decode, param } from '../../http/exchange.ts';
import { sizeOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/resize`. */
export async function resizeContainer(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const size = await decode(exchange, 'container.resize', () => ({ rows: sizeOf(query, 'h'), columns: sizeOf(query, 'w') }));
  await exchange.engine.execute('container.resize', { container: param(exchange, 'id'), ...size }, exchange.caller);
  empty(exchange.response, 200);
}
