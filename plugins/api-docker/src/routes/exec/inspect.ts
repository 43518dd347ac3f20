import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { execInspect } from '../../translate/exec-inspect.ts';

/** `GET /exec/{id}/json`. */
export async function inspectExec(exchange: Exchange): Promise<void> {
  const { view } = await look(exchange);
  json(exchange.response, 200, execInspect(await exchange.engine.revealed(view.exec(param(exchange, 'id')))));
}
