import type { Projection } from '@shiplog/contracts';
import { foldProjection } from '@shiplog/driver-kit';

/** How often each sort of event happened: fold, then show. Pure: no clock, no chance, no I/O. */
export function createDriver(): Projection {
  return foldProjection<Map<string, number>>({
    initial: () => new Map(),
    apply: (counts, { type }) => counts.set(type, (counts.get(type) ?? 0) + 1),
    view: (counts, { type }) => (type === undefined ? Object.fromEntries(counts) : { [type]: counts.get(type) ?? 0 }),
  });
}
