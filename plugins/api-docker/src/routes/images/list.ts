import type { Exchange } from '../../http/exchange.ts';
import { Filters } from '../../http/filters.ts';
import { look } from '../../http/moment.ts';
import { booleanOf } from '../../http/query.ts';
import { json } from '../../http/reply.ts';
import { filterImages } from '../../translate/image-filter.ts';
import { imageSummary } from '../../translate/image-summary.ts';

/** `GET /images/json`. */
export async function listImages({ engine, query, response, version }: Exchange): Promise<void> {
  const filters = Filters.parse(query.get('filters'));
  const { view } = await look({ engine, query });
  const found = filterImages(view, filters, booleanOf(query, 'all'));
  json(
    response,
    200,
    found.map((image) => imageSummary(image, version)),
  );
}
