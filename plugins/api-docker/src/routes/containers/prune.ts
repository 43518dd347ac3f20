import type { Exchange } from '../../http/exchange.ts';
import { decode } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { json } from '../../http/reply.ts';
import { labelsOf } from '../../translate/effective-config.ts';
import { parseMoment } from '../../translate/time.ts';

/** `POST /containers/prune`: removes stopped containers that the filters let through. */
export async function pruneContainers(exchange: Exchange): Promise<void> {
  const { engine, query, caller, response } = exchange;
  const containers = await decode(exchange, 'container.prune', async () => {
    const filters = Filters.parse(query.get('filters')).only('until', 'label', 'label!');
    const until = parseMoment(filters.one('until') ?? null);
    const view = await engine.view();
    return [...view.containers.values()]
      .filter((container) => {
        const labels = labelsOf(container.spec, view.images.get(container.imageId));
        return (
          (container.status === 'created' || container.status === 'exited' || container.status === 'dead') &&
          (until === undefined || BigInt(container.createdAt || '0') < until) &&
          filters.labels('label', labels) &&
          filters.noLabels('label!', labels)
        );
      })
      .map(({ id }) => id);
  });
  const answer = await engine.execute('container.prune', { containers }, caller);
  json(response, 200, { ContainersDeleted: answer.removed, SpaceReclaimed: answer.reclaimedBytes });
}
