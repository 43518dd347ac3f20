import { type Exchange, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** `GET /volumes/{name}`. */
export async function inspectVolume(exchange: Exchange): Promise<void> {
  const view = await exchange.engine.view();
  json(exchange.response, 200, volumeInspect(await exchange.engine.revealed(view.volume(param(exchange, 'name')))));
}
