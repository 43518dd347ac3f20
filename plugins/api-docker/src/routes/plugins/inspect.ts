import { ShiplogError } from '@shiplog/contracts';
import { type Exchange, param } from '../../http/exchange.ts';

/** `GET /plugins/{name}/json`: there is none, and `docker inspect` of anything asks here last. */
export async function inspectPlugin(exchange: Exchange): Promise<void> {
  const name = param(exchange, 'name');
  throw new ShiplogError('NOT_FOUND', `plugin "${name}" not found`, { name });
}
