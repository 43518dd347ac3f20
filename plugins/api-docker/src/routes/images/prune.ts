import { decode, type Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { json } from '../../http/reply.ts';
import { onTheWay } from '../../translate/image-filter.ts';
import { createdSeconds } from '../../translate/image-summary.ts';
import { parseMoment } from '../../translate/time.ts';

/** `POST /images/prune`: removes images that no container uses; those with tags only where `dangling` is false. */
export async function pruneImages(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response } = exchange;
  const images = await decode(exchange, 'image.prune', async () => {
    const filters = Filters.parse(query.get('filters')).only('dangling', 'until', 'label', 'label!');
    const tagged = filters.flag('dangling') === false;
    const until = parseMoment(filters.one('until') ?? null);
    const view = await engine.view();
    const isOnTheWay = onTheWay(view);
    const found = [...view.images.values()].filter((image) => {
      const labels = image.config.Labels ?? {};
      return (
        (tagged || (image.tags.length === 0 && !isOnTheWay(image))) &&
        (until === undefined || createdSeconds(image) < Number(until / 1_000_000_000n)) &&
        filters.labels('label', labels) &&
        filters.noLabels('label!', labels)
      );
    });
    return found.map(({ id }) => id);
  });
  const { untagged, deleted, reclaimedBytes } = await engine.execute('image.prune', { images }, caller);
  const gone = [...untagged.map((tag) => ({ Untagged: tag })), ...deleted.map((id) => ({ Deleted: id }))];
  json(response, 200, { ImagesDeleted: gone.length === 0 ? null : gone, SpaceReclaimed: reclaimedBytes });
}
