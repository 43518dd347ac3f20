import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** `GET /volumes/{name}`. */
export async function inspectVolume(exchange: Exchange): Promise<void> {
  const { view } = await look(exchange);
  json(exchange.response, 200, volumeInspect(await exchange.engine.revealed(view.volume(param(exchange, 'name')))));
}
