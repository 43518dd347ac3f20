import { ShiplogError } from '@shiplog/contracts';
import { type Exchange, decode, param } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `POST /containers/{id}/start`. */
export async function startContainer(exchange: Exchange): Promise<void> {
  const { engine, request, response, caller, query } = exchange;
  await decode(exchange, 'container.start', () => {
    if (Number(request.headers['content-length'] ?? 0) > 7) {
      throw new ShiplogError(
        'REQUEST_INVALID',
        'starting container with non-empty request body was removed in API 1.24: configure it at create',
      );
    }
    if ((query.get('checkpoint') ?? '') !== '') throw new ShiplogError('NOT_SUPPORTED', 'checkpoints are not supported by this engine');
  });
  await engine.execute('container.start', { container: param(exchange, 'id') }, caller);
  empty(response, 204);
}
