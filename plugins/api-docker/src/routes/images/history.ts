import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { imageHistory } from '../../translate/image-history.ts';

/** `GET /images/{name}/history`. */
export async function historyOfImage(exchange: Exchange): Promise<void> {
  const { view } = await look(exchange);
  json(exchange.response, 200, imageHistory(view.image(param(exchange, 'name'))));
}
