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
  // Put keys in order, then let the engine write everything in one call. It cannot write integer-like keys in any other
  // order than that of numbers, so a value that has them out of text order is written by hand.
  const ordered = order(value);
  return ordered === BY_HAND ? write(value) : JSON.stringify(ordered);
}

type Fields = { [key: string]: unknown };

const BY_HAND = Symbol('by hand');

/** The value itself if all its keys are in order, else a copy with keys in order, or {@link BY_HAND}. */
function order(value: unknown): unknown {
  switch (typeof value) {
    case 'string':
    case 'boolean':
      return value;
    case 'number':
      if (!Number.isFinite(value)) throw notJson(String(value));
      return value;
    case 'object':
      if (value === null) return value;
      return Array.isArray(value) ? orderItems(value) : orderFields(plain(value));
    default:
      throw notJson(typeof value);
  }
}

function orderItems(items: readonly unknown[]): unknown {
  let copy: unknown[] | undefined;
  let byHand = false;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    const ordered = order(item);
    if (ordered === BY_HAND) byHand = true;
    else if (ordered !== item) (copy ??= [...items])[index] = ordered;
  }
  return byHand ? BY_HAND : (copy ?? items);
}

function orderFields(fields: Fields): unknown {
  let previous = '';
  let first = -1;
  let inOrder = true;
  let byHand = false;
  let changed: Map<string, unknown> | undefined;
  // Own keys only: `plain` made sure that nothing is inherited.
  for (const key in fields) {
    const field = fields[key];
    if (field === undefined) continue;
    // Most keys differ in their first letter, and letters compare much faster than strings.
    const letter = key.length === 0 ? -1 : key.charCodeAt(0);
    if (letter < first || (letter === first && key < previous)) inOrder = false;
    previous = key;
    first = letter;
    if (typeof field === 'string') continue;
    const ordered = order(field);
    // Setting `__proto__` on the copy would do something else.
    if (ordered === BY_HAND || key === '__proto__') byHand = true;
    else if (ordered !== field) (changed ??= new Map()).set(key, ordered);
  }
  if (byHand) return BY_HAND;
  if (inOrder && changed === undefined) return fields;
  const keys = Object.keys(fields);
  if (!inOrder) {
    sort(keys);
    if (keys.some(isIntegerLike) || keys.includes('__proto__')) return BY_HAND;
  }
  const copy: Fields = {};
  for (const key of keys) copy[key] = changed?.get(key) ?? fields[key];
  return copy;
}

/** Sorts by UTF-16 code units, which is the order RFC 8785 asks for. Events have few keys, which this does faster than Array's sort. */
function sort(keys: string[]): void {
  if (keys.length > 16) {
    keys.sort();
    return;
  }
  for (let index = 1; index < keys.length; index++) {
    const key = keys[index] as string;
    let at = index;
    for (let before = keys[at - 1] as string; at > 0 && before > key; before = keys[at - 1] as string) keys[at--] = before;
    keys[at] = key;
  }
}

/** Writes key by key. */
function write(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(write).join(',')}]`;
  const fields = plain(value);
  const texts: string[] = [];
  // The default sort compares UTF-16 code units, which is the order RFC 8785 asks for.
  for (const key of Object.keys(fields).toSorted()) {
    const field = fields[key];
    if (field !== undefined) texts.push(`${JSON.stringify(key)}:${write(field)}`);
  }
  return `{${texts.join(',')}}`;
}

function isIntegerLike(key: string): boolean {
  const first = key.charCodeAt(0);
  return first >= 0x30 && first <= 0x39;
}

/** Dates, maps and class instances would be written as something else than they are. */
function plain(value: object): Fields {
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw notJson(`an instance of ${value.constructor?.name ?? 'a class'}`);
  return value as Fields;
}

function notJson(what: string): ShiplogError {
  return new ShiplogError('INTERNAL', `event data holds ${what}, which JSON cannot; nothing was appended`, { found: what });
}
