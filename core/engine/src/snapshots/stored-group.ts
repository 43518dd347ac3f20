import type { Fields } from './common-fields.ts';

/**
 * A group of fields as what it says otherwise than another, its ground: 0 for nothing; in brackets, with the names of those of the ground's fields
 * that it lacks.
 */
export type StoredGroup = 0 | Fields | Parts;
type Parts = readonly [otherwise: Fields, lacks: readonly string[]];

export function encodeGroup(group: Fields, ground: Fields): StoredGroup {
  const otherwise = Object.entries(group).filter(([field, value]) => !isSame(value, ground[field]));
  const lacks = Object.keys(ground).filter((field) => group[field] === undefined);
  if (lacks.length > 0) return [Object.fromEntries(otherwise), lacks];
  return otherwise.length === 0 ? 0 : Object.fromEntries(otherwise);
}

/**
 * What a group and, over it, a change of it come to. What of it is the ground's stays so, or all of it where neither says anything: whoever
 * changes it changes both, so nobody may.
 */
export function decodeGroup(ground: Fields, stored: StoredGroup, change: StoredGroup = 0): Fields {
  if (stored === 0 && change === 0) return ground;
  const [one, lacks] = partsOf(stored);
  const [other, lacksNow] = partsOf(change);
  if (lacks.length === 0 && lacksNow.length === 0) return change === 0 ? { ...ground, ...one } : { ...ground, ...one, ...other };
  // Left out, not deleted: an object of which a field was deleted is a hash table from then on, three times as large.
  const group: Record<string, unknown> = {};
  for (const field of Object.keys(ground)) if (!lacks.includes(field) && !lacksNow.includes(field)) group[field] = ground[field];
  for (const field of Object.keys(one)) if (!lacksNow.includes(field)) group[field] = one[field];
  return Object.assign(group, other);
}

const NOTHING: Parts = [{}, []];

function partsOf(stored: StoredGroup): Parts {
  if (stored === 0) return NOTHING;
  return isArray(stored) ? stored : [stored, NOTHING[1]];
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}

/** As `Array.isArray`, which does not tell the compiler of readonly arrays. */
function isArray(stored: Fields | Parts): stored is Parts {
  return Array.isArray(stored);
}
