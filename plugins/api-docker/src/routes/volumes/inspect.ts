import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** `GET /volumes/{name}`. */
export async function inspectVolume(exchange: Exchange): Promise<void> {
  const { view, past } = await look(exchange);
  const record = view.volume(param(exchange, 'name'));
  json(exchange.response, 200, volumeInspect(past ? record : await exchange.engine.revealed(record)));
}
