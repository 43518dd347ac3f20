import { ShiplogError, type WaitCondition } from '@shiplog/contracts';
import { type Exchange, param } from '../../http/exchange.ts';
import { beginStream } from '../../http/reply.ts';
import { messageOf } from '../../http/status.ts';

const CONDITIONS: readonly WaitCondition[] = ['not-running', 'next-exit', 'removed'];

/**
 * `POST /containers/{id}/wait`. `docker run` waits before it starts: the engine is asked first, then the headers go out
 * at once, and the client starts the container when it has them.
 */
export async function waitContainer(exchange: Exchange): Promise<void> {
  const { engine, query, response, gone } = exchange;
  const asked = query.get('condition') ?? '';
  const condition = asked === '' ? 'not-running' : CONDITIONS.find((known) => known === asked);
  if (condition === undefined) throw new ShiplogError('REQUEST_INVALID', `invalid condition: "${asked}"`);
  const { id } = (await engine.view()).container(param(exchange, 'id'));
  const exit = engine.wait(id, condition, gone);
  beginStream(response, 'application/json');
  try {
    const { exitCode, error } = await exit;
    response.end(`${JSON.stringify({ StatusCode: exitCode, ...(error === undefined ? {} : { Error: { Message: error } }) })}\n`);
  } catch (error) {
    if (gone.aborted) return;
    response.end(`${JSON.stringify({ StatusCode: -1, Error: { Message: messageOf(ShiplogError.wrap(error)) } })}\n`);
  }
}
