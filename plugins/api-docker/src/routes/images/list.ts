import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { look } from '../../http/moment.ts';
import { booleanOf } from '../../http/query.ts';
import { json } from '../../http/reply.ts';
import { filterImages } from '../../translate/image-filter.ts';
import { imageSummary } from '../../translate/image-summary.ts';
import { newestFirst } from '../../translate/newest-first.ts';

/** `GET /images/json`: the newest first. */
export async function listImages({ engine, query, response, version }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters'));
  const { view } = await look({ engine, query });
  const found = newestFirst(filterImages(view, filters, booleanOf(query, 'all')));
  json(
    response,
    200,
    found.map((image) => imageSummary(image, version)),
  );
}
