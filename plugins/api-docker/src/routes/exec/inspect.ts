import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { execInspect } from '../../translate/exec-inspect.ts';

/** `GET /exec/{id}/json`. */
export async function inspectExec(exchange: Exchange): Promise<void> {
  const { view, past } = await look(exchange);
  const record = view.exec(param(exchange, 'id'));
  json(exchange.response, 200, execInspect(past ? record : await exchange.engine.revealed(record), view));
}
