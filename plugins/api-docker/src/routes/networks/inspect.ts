import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { networkInspect } from '../../translate/network-inspect.ts';

/** `GET /networks/{id}`. */
export async function inspectNetwork(exchange: Exchange): Promise<void> {
  const { view } = await look(exchange);
  json(exchange.response, 200, networkInspect(await exchange.engine.revealed(view.network(param(exchange, 'id'))), exchange.version, view));
}
