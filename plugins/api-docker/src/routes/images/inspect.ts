import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { imageInspect } from '../../translate/image-inspect.ts';

/** `GET /images/{name}/json`. */
export async function inspectImage(exchange: Exchange): Promise<void> {
  const { view } = await look(exchange);
  json(exchange.response, 200, imageInspect(view.image(param(exchange, 'name')), exchange.version));
}
