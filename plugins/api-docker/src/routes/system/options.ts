import type { Exchange } from '../../http/exchange.ts';
import { empty } from '../../http/reply.ts';

/** `OPTIONS` of any path. */
export async function options({ response }: Exchange): Promise<void> {
  empty(response, 200);
}
