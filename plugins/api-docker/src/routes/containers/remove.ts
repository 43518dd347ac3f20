import { ShiplogError } from '@shiplog/contracts';
import { type Exchange, decode, param } from '../../http/exchange.ts';
import { booleanOf } from '../../http/query.ts';
import { empty } from '../../http/reply.ts';

/** `DELETE /containers/{id}`. */
export async function removeContainer(exchange: Exchange): Promise<void> {
  const { query } = exchange;
  const options = await decode(exchange, 'container.remove', () => {
    if (booleanOf(query, 'link')) throw new ShiplogError('NOT_SUPPORTED', 'links are not supported by this engine: use a network');
    return { force: booleanOf(query, 'force'), volumes: booleanOf(query, 'v') };
  });
  await exchange.engine.execute('container.remove', { container: param(exchange, 'id'), ...options }, exchange.caller);
  empty(exchange.response, 204);
}
