import { type Exchange, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';

/** `GET /containers/{id}/top`. */
export async function topContainer(exchange: Exchange): Promise<void> {
  const { engine, query, response, caller } = exchange;
  const psArgs = query.get('ps_args') ?? '';
  const table = await engine.top(param(exchange, 'id'), psArgs === '' ? '-ef' : psArgs, caller);
  json(response, 200, { Titles: table.titles, Processes: table.processes });
}
