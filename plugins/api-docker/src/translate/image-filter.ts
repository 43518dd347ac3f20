import type { ImageRecord, StateView } from '@shiplog/contracts';
import type { Filters } from '../http/filters.ts';
import { createdSeconds } from './image-summary.ts';
import { shellPattern } from './shell-pattern.ts';
import { parseMoment } from './time.ts';

/** Images that `GET /images/json` lists, newest first; what builds left on the way with `all` alone. Throws FILTER_INVALID, and IMAGE_NOT_FOUND for before and since. */
export function filterImages(view: StateView, filters: Filters, all = true): readonly ImageRecord[] {
  filters.only('before', 'dangling', 'label', 'label!', 'reference', 'since', 'until');
  const dangling = filters.flag('dangling');
  const before = filters.get('before').map((reference) => createdSeconds(view.image(reference)));
  const since = filters.get('since').map((reference) => createdSeconds(view.image(reference)));
  const until = filters.get('until').map((text) => Number((parseMoment(text) ?? 0n) / 1_000_000_000n));
  const isOnTheWay = onTheWay(view);
  const found = [...view.images.values()].flatMap((image) => {
    if (isOnTheWay(image) && (!all || dangling === true)) return [];
    const labels = image.config.Labels ?? {};
    const created = createdSeconds(image);
    const keep =
      (dangling === undefined || (image.tags.length === 0) === dangling) &&
      filters.labels('label', labels) &&
      filters.noLabels('label!', labels) &&
      before.every((time) => created < time) &&
      since.every((time) => created > time) &&
      until.every((time) => created < time);
    if (!keep) return [];
    if (!filters.has('reference')) return [image];
    const tags = image.tags.filter((tag) => filters.some('reference', (pattern) => matchesReference(tag, pattern)));
    return tags.length === 0 ? [] : [{ ...image, tags }];
  });
  return found.toSorted((a, b) => createdSeconds(b) - createdSeconds(a));
}

/** Tells images without a name that others were built of: they are no rubbish, and nobody's to run. */
export function onTheWay({ images }: Pick<StateView, 'images'>): (image: ImageRecord) => boolean {
  const parents = new Set<string | undefined>([...images.values()].map(({ parent }) => parent));
  return ({ id, tags }) => tags.length === 0 && parents.has(id);
}

/** A shell pattern over the whole reference, or over its name without tag. */
function matchesReference(tag: string, pattern: string): boolean {
  const name = tag.replace(/:[^:/]+$/, '');
  const expression = shellPattern(pattern);
  return expression !== undefined && (expression.test(tag) || expression.test(name));
}
