import { ShiplogError } from '@shiplog/contracts';

/** The one record whose hex id starts with `prefix`; undefined if none does. Throws REFERENCE_AMBIGUOUS if several do. */
export function findByPrefix<T>(records: ReadonlyMap<string, T>, prefix: string, idPrefix = ''): T | undefined {
  if (!/^[0-9a-f]{1,64}$/.test(prefix)) return undefined;
  const start = idPrefix + prefix;
  let found: T | undefined;
  for (const [id, record] of records) {
    if (!id.startsWith(start)) continue;
    if (found !== undefined) {
      throw new ShiplogError('REFERENCE_AMBIGUOUS', `multiple IDs found with provided prefix: ${prefix}`, { prefix });
    }
    found = record;
  }
  return found;
}
