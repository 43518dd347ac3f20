import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { volumesInUse } from '../../translate/in-use.ts';
import { volumeInspect } from '../../translate/volume-inspect.ts';

/** `GET /volumes`. */
export async function listVolumes({ engine, query, response }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters')).only('dangling', 'driver', 'label', 'name');
  const dangling = filters.flag('dangling');
  const { view } = await look({ engine, query });
  const used = volumesInUse(view);
  const found = [...view.volumes.values()].filter(
    (volume) =>
      filters.exact('driver', volume.driver) &&
      filters.pattern('name', volume.name) &&
      filters.labels('label', volume.labels) &&
      (dangling === undefined || !used.has(volume.name) === dangling),
  );
  json(response, 200, { Volumes: found.map(volumeInspect), Warnings: null });
}
