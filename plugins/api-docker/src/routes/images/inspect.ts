import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { imageInspect } from '../../translate/image-inspect.ts';

/** `GET /images/{name}/json`. */
export async function inspectImage(exchange: Exchange): Promise<void> {
  const { engine, response, version } = exchange;
  const { view, past } = await look(exchange);
  const image = view.image(param(exchange, 'name'));
  json(response, 200, imageInspect(past ? image : await engine.wholeImage(image), version));
}
