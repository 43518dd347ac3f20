import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { networkInspect } from '../../translate/network-inspect.ts';

/** `GET /networks/{id}`. */
export async function inspectNetwork(exchange: Exchange): Promise<void> {
  const { view, past } = await look(exchange);
  const record = view.network(param(exchange, 'id'));
  json(exchange.response, 200, networkInspect(past ? record : await exchange.engine.revealed(record), exchange.version, view));
}
