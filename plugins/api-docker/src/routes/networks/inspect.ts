import { ShiplogError } from '@shiplog/contracts';
import { type Exchange, param } from '../../http/exchange.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { networkInspect } from '../../translate/network-inspect.ts';

/** `GET /networks/{id}`. All networks are of this host alone. */
export async function inspectNetwork(exchange: Exchange): Promise<void> {
  const { view, past } = await look(exchange);
  const record = view.network(param(exchange, 'id'));
  const scope = exchange.query.get('scope') ?? '';
  if (scope !== '' && scope !== 'local') {
    throw new ShiplogError('NETWORK_NOT_FOUND', `network ${record.name} not found: its scope is local, not ${scope}`, { id: record.id });
  }
  json(exchange.response, 200, networkInspect(past ? record : await exchange.engine.revealed(record), exchange.version, view));
}
