import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { networksInUse } from '../../translate/in-use.ts';
import { networkInspect } from '../../translate/network-inspect.ts';

const TYPES = new Set(['builtin', 'custom']);

/** `GET /networks`. */
export async function listNetworks({ engine, query, response, version }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters'))
    .only('dangling', 'driver', 'id', 'label', 'name', 'scope', 'type')
    .among('type', TYPES);
  const dangling = filters.flag('dangling');
  const { view } = await look({ engine, query });
  const used = networksInUse(view);
  const found = [...view.networks.values()].filter(
    (network) =>
      filters.exact('driver', network.driver) &&
      filters.pattern('id', network.id) &&
      filters.pattern('name', network.name) &&
      filters.labels('label', network.labels) &&
      filters.exact('scope', 'local') &&
      filters.exact('type', network.predefined ? 'builtin' : 'custom') &&
      (dangling === undefined || (!network.predefined && !used.has(network.id)) === dangling),
  );
  json(
    response,
    200,
    found.map((network) => networkInspect(network, version)),
  );
}
