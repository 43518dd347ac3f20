import { type Exchange, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { execInspect } from '../../translate/exec-inspect.ts';

/** `GET /exec/{id}/json`. */
export async function inspectExec(exchange: Exchange): Promise<void> {
  const view = await exchange.engine.view();
  json(exchange.response, 200, execInspect(await exchange.engine.revealed(view.exec(param(exchange, 'id')))));
}
