import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { json } from '../../http/reply.ts';
import { parseMoment } from '../../translate/time.ts';

/** `POST /networks/prune`: removes networks that people made, that no running container is on, and that the filters let through. */
export async function pruneNetworks(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response } = exchange;
  const networks = await decode(exchange, 'network.prune', async () => {
    const filters = Filters.parse(query.get('filters')).only('until', 'label', 'label!');
    const until = parseMoment(filters.one('until') ?? null);
    const view = await engine.view();
    const found = [...view.networks.values()].filter(
      ({ predefined, createdAt, labels }) =>
        !predefined &&
        (until === undefined || BigInt(createdAt || '0') < until) &&
        filters.labels('label', labels) &&
        filters.noLabels('label!', labels),
    );
    return found.map(({ id }) => id);
  });
  const { removed } = await engine.execute('network.prune', { networks }, caller);
  json(response, 200, { NetworksDeleted: removed.length === 0 ? null : removed.map(({ name }) => name) });
}
