import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { json } from '../../http/reply.ts';
import { atLeast } from '../../http/version.ts';

/**
 * `POST /volumes/prune`: removes volumes that no container mounts and the filters let through; from API 1.42 on those with names only where
 * `all` says so. As in Docker, only directories of this host go: not what options mount, and not what other drivers hold.
 */
export async function pruneVolumes(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response, version } = exchange;
  const volumes = await decode(exchange, 'volume.prune', async () => {
    const filters = Filters.parse(query.get('filters')).only('label', 'label!', 'all');
    const named = filters.flag('all') ?? !atLeast(version, '1.42');
    const view = await engine.view();
    const found = [...view.volumes.values()].filter(
      ({ anonymous, driver, options, labels }) =>
        driver === 'local' &&
        Object.keys(options).length === 0 &&
        (named || anonymous) &&
        filters.labels('label', labels) &&
        filters.noLabels('label!', labels),
    );
    return found.map(({ name }) => name);
  });
  const { removed, reclaimedBytes } = await engine.execute('volume.prune', { volumes }, caller);
  json(response, 200, { VolumesDeleted: removed.length === 0 ? null : removed, SpaceReclaimed: reclaimedBytes });
}
