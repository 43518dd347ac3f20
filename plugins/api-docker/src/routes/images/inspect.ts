import { type Exchange, param } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';
import { imageInspect } from '../../translate/image-inspect.ts';

/** `GET /images/{name}/json`. */
export async function inspectImage(exchange: Exchange): Promise<void> {
  const view = await exchange.engine.view();
  json(exchange.response, 200, imageInspect(view.image(param(exchange, 'name')), exchange.version));
}
