import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { removeEach } from '../../http/remove-each.ts';
import { json } from '../../http/reply.ts';
import { networksInUse } from '../../translate/in-use.ts';
import { parseMoment } from '../../translate/time.ts';

/** `POST /networks/prune`: removes networks that people made and no container is on, each by a command of its own. */
export async function pruneNetworks(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response } = exchange;
  const unused = await decode(exchange, 'network.remove', async () => {
    const filters = Filters.parse(query.get('filters')).only('until', 'label', 'label!');
    const until = filters.get('until').map((text) => parseMoment(text) ?? 0n);
    const view = await engine.view();
    const used = networksInUse(view);
    return [...view.networks.values()].filter(
      ({ id, predefined, createdAt, labels }) =>
        !predefined &&
        !used.has(id) &&
        until.every((moment) => BigInt(createdAt || '0') < moment) &&
        filters.labels('label', labels) &&
        filters.noLabels('label!', labels),
    );
  });
  const gone = await removeEach(unused, ({ id }) => engine.execute('network.remove', { network: id }, caller));
  json(response, 200, { NetworksDeleted: gone.length === 0 ? null : gone });
}
