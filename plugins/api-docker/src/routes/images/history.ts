import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { imageHistory } from '../../translate/image-history.ts';

/** `GET /images/{name}/history`. */
export async function historyOfImage(exchange: Exchange): Promise<void> {
  const { engine, response } = exchange;
  const { view, past } = await look(exchange);
  const image = view.image(param(exchange, 'name'));
  json(response, 200, imageHistory(past ? image : await engine.wholeImage(image), view));
}
