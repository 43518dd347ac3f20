import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { removeEach } from '../../http/remove-each.ts';
import { json } from '../../http/reply.ts';
import { atLeast } from '../../http/version.ts';
import { volumesInUse } from '../../translate/in-use.ts';

/**
 * `POST /volumes/prune`: removes volumes that no container mounts, each by a command of its own; from API 1.42 on those with names only where
 * `all` says so. What that frees is not measured: SpaceReclaimed is 0.
 */
export async function pruneVolumes(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response, version } = exchange;
  const unused = await decode(exchange, 'volume.remove', async () => {
    const filters = Filters.parse(query.get('filters')).only('label', 'label!', 'all');
    const named = filters.flag('all') ?? !atLeast(version, '1.42');
    const view = await engine.view();
    const used = volumesInUse(view);
    return [...view.volumes.values()].filter(
      ({ name, anonymous, labels }) =>
        (named || anonymous) && !used.has(name) && filters.labels('label', labels) && filters.noLabels('label!', labels),
    );
  });
  const gone = await removeEach(unused, ({ name }) => engine.execute('volume.remove', { volume: name, force: false }, caller));
  json(response, 200, { VolumesDeleted: gone.length === 0 ? null : gone, SpaceReclaimed: 0 });
}
