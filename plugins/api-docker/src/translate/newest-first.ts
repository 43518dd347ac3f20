import type { ImageRecord } from '@shiplog/contracts';

/**
 * Images as `docker images` shows them: those that were made last first. Of those made in the same moment, or that do not say when, those that came last:
 * so that an image stands before the one it was built of.
 */
export function newestFirst<I extends Pick<ImageRecord, 'created'>>(images: readonly I[]): readonly I[] {
  return images.toReversed().toSorted((a, b) => madeAt(b) - madeAt(a));
}

/** Milliseconds since the epoch. */
function madeAt({ created }: Pick<ImageRecord, 'created'>): number {
  const time = Date.parse(created);
  return Number.isNaN(time) ? 0 : time;
}
