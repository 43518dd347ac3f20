import { ShiplogError } from '@shiplog/contracts';

/**
 * The canonical JSON text of a value: no white space, object keys in order of their UTF-16 code units, numbers and
 * strings as ECMAScript writes them (RFC 8785). A key whose value is `undefined` is left out. Equal values give equal
 * texts, and parsing the text gives an equal value.
 *
 * One step aside from RFC 8785: a lone surrogate is kept as its `\uXXXX` escape instead of being refused, so that nothing
 * a client may legally send as JSON can stop the log. Throws INTERNAL for what JSON cannot hold (NaN, functions, bigint).
 */
export function canonicalJson(value: unknown): string {
  return isOrdered(value) ? JSON.stringify(value) : write(value);
}

/** Checks the whole value, and says whether JSON.stringify alone would already write its keys in order. */
function isOrdered(value: unknown): boolean {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return true;
    case 'number':
      if (!Number.isFinite(value)) throw notJson(String(value));
      return true;
    case 'object':
      break;
    default:
      throw notJson(typeof value);
  }
  if (value === null) return true;
  let ordered = true;
  if (Array.isArray(value)) {
    for (const item of value) if (!isOrdered(item)) ordered = false;
    return ordered;
  }
  refuseExotic(value);
  let previous: string | undefined;
  for (const [key, field] of Object.entries(value)) {
    if (field === undefined) continue;
    // Integer-like keys come first whatever the order of insertion, so the order seen here is the one written.
    if (previous !== undefined && key < previous) ordered = false;
    previous = key;
    if (!isOrdered(field)) ordered = false;
  }
  return ordered;
}

function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const fields: string[] = [];
  // The default sort compares UTF-16 code units, which is the order RFC 8785 asks for.
  for (const [key, field] of Object.entries(value).toSorted(byKey)) {
    if (field !== undefined) fields.push(`${JSON.stringify(key)}:${write(field)}`);
  }
  return `{${fields.join(',')}}`;
}

function byKey(a: readonly [string, unknown], b: readonly [string, unknown]): number {
  return a[0] < b[0] ? -1 : 1;
}

/** Dates, maps and class instances would be written as something else than they are. */
function refuseExotic(value: object): void {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(`an instance of ${value.constructor?.name ?? 'a class'}`);
  if ('toJSON' in value && typeof value.toJSON === 'function') throw notJson('an object with toJSON');
}

function notJson(what: string): ShiplogError {
  return new ShiplogError('INTERNAL', `event data holds ${what}, which JSON cannot; nothing was appended`, { found: what });
}
