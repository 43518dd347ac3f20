import type { Fields } from './common-fields.ts';

/**
 * A group of fields as what it says otherwise than another, its ground: 0 for nothing; in brackets, with the names of those of the ground's fields
 * that it lacks.
 */
export type StoredGroup = 0 | Fields | readonly [otherwise: Fields, lacks: readonly string[]];

export function encodeGroup(group: Fields, ground: Fields): StoredGroup {
  const otherwise = Object.entries(group).filter(([field, value]) => !isSame(value, ground[field]));
  const lacks = Object.keys(ground).filter((field) => group[field] === undefined);
  if (lacks.length > 0) return [Object.fromEntries(otherwise), lacks];
  return otherwise.length === 0 ? 0 : Object.fromEntries(otherwise);
}

/** What is the ground's stays so: whoever changes it changes both, so nobody may. */
export function decodeGroup(stored: StoredGroup, ground: Fields): Fields {
  if (stored === 0) return ground;
  if (!isArray(stored)) return { ...ground, ...stored };
  const group: Record<string, unknown> = { ...ground, ...stored[0] };
  for (const field of stored[1]) delete group[field];
  return group;
}

function isSame(one: unknown, other: unknown): boolean {
  return one === other || (one !== undefined && other !== undefined && JSON.stringify(one) === JSON.stringify(other));
}

/** As `Array.isArray`, which does not tell the compiler of readonly arrays. */
function isArray(stored: Exclude<StoredGroup, 0>): stored is Exclude<StoredGroup, 0 | Fields> {
  return Array.isArray(stored);
}
