import type { Exchange } from '../../http/exchange.ts';
import { json } from '../../http/reply.ts';

/** `GET /plugins`: Docker's managed plugins, of which there are none here. */
export async function listPlugins({ response }: Exchange): Promise<void> {
  json(response, 200, []);
}
