import { type ContainerSize, type Engine, ShiplogError } from '@shiplog/contracts';
import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { booleanOf, integerOf } from '../../http/query.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { filterContainers } from '../../translate/container-filter.ts';
import { containerSummary } from '../../translate/container-summary.ts';

/** One may be removed while others are measured. */
async function sizeOf(engine: Engine, id: string, gone: AbortSignal): Promise<ContainerSize> {
  try {
    return await engine.size(id, gone);
  } catch (error) {
    if (ShiplogError.wrap(error).code === 'CONTAINER_NOT_FOUND') return { own: 0, rootfs: 0 };
    throw error;
  }
}

/** `GET /containers/json`. */
export async function listContainers({ engine, query, response, gone }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters'));
  const options = { all: booleanOf(query, 'all'), limit: Math.max(0, integerOf(query, 'limit') ?? 0) };
  const { view, now, past } = await look({ engine, query });
  const size = booleanOf(query, 'size') && !past;
  const found = filterContainers(view, filters, options);
  const sizes = await Promise.all(found.map(({ id }) => (size ? sizeOf(engine, id, gone) : undefined)));
  json(
    response,
    200,
    found.map((container, index) => containerSummary(container, view, { now, size: sizes[index] })),
  );
}
