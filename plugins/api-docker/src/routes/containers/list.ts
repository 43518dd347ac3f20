import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { booleanOf, integerOf } from '../../http/query.ts';
import { look } from '../../http/moment.ts';
import { json } from '../../http/reply.ts';
import { filterContainers } from '../../translate/container-filter.ts';
import { containerSummary } from '../../translate/container-summary.ts';

/** `GET /containers/json`. */
export async function listContainers({ engine, query, response }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters'));
  const options = { all: booleanOf(query, 'all'), limit: Math.max(0, integerOf(query, 'limit') ?? 0) };
  const { view, now } = await look({ engine, query });
  const size = booleanOf(query, 'size');
  const found = filterContainers(view, filters, options);
  json(
    response,
    200,
    found.map((container) => containerSummary(container, view, { now, size })),
  );
}
