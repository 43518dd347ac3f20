import { type Exchange, decode, param } from '../../http/exchange.ts';
import { sizeOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';

/** `POST /exec/{id}/resize`. */
export async function resizeExec(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const size = await decode(exchange, 'exec.resize', () => ({ rows: sizeOf(query, 'h'), columns: sizeOf(query, 'w') }));
  await exchange.engine.execute('exec.resize', { exec: param(exchange, 'id'), ...size }, exchange.caller);
  empty(exchange.response, 200);
}
