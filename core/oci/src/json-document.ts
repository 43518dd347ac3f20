import { type Digest, parseJson, ShiplogError } from '@shiplog/contracts';
import { isDigest } from './digest.ts';

/** A JSON object of unknown content. */
export type JsonFields = { readonly [field: string]: unknown };

/**
 * Reads a JSON document out of an untrusted blob. `what` names it in errors.
 *
 * Throws ARCHIVE_INVALID when it is longer than `limitBytes`, not UTF-8, not JSON, or not an object.
 */
export function jsonDocument(bytes: Uint8Array, what: string, limitBytes: number): JsonFields {
  return fieldsOf(jsonValue(bytes, what, limitBytes), what);
}

/** As {@link jsonDocument}, for a document that may be any JSON value. */
export function jsonValue(bytes: Uint8Array, what: string, limitBytes: number): unknown {
  if (bytes.byteLength > limitBytes) throw wrong(what, `is larger than ${limitBytes} bytes`);
  try {
    return parseJson(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    throw wrong(what, 'is not JSON', error);
  }
}

/** The value as an object. */
export function fieldsOf(value: unknown, what: string): JsonFields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw wrong(what, 'is not an object');
  return { ...value };
}

/** A string field; undefined when it is absent, null or (as Go writes an unset one) empty. */
export function optionalText(fields: JsonFields, name: string, what: string): string | undefined {
  const value = fields[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw wrong(what, `has a field ${name} that is not a string`);
  if (value.includes('\0')) throw wrong(what, `has a NUL in its field ${name}`);
  return value;
}

export function optionalInteger(fields: JsonFields, name: string, what: string): number | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrong(what, `has ${name} that is no whole number`);
  return value;
}

export function text(fields: JsonFields, name: string, what: string): string {
  const value = optionalText(fields, name, what);
  if (value === undefined) throw wrong(what, `lacks the field ${name}`);
  return value;
}

/** An array field; undefined when it is absent or null. At most `limit` items. */
export function optionalList(fields: JsonFields, name: string, what: string, limit: number): readonly unknown[] | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  if (!Array.isArray(value)) throw wrong(what, `has a field ${name} that is not a list`);
  if (value.length > limit) throw wrong(what, `has more than ${limit} items in ${name}`);
  return value;
}

/** A list of strings; undefined when absent or null. */
export function optionalTexts(fields: JsonFields, name: string, what: string, limit: number): readonly string[] | undefined {
  return optionalList(fields, name, what, limit)?.map((item) => {
    if (typeof item !== 'string' || item.includes('\0')) throw wrong(what, `has an item in ${name} that is not a plain string`);
    return item;
  });
}

/** An object of strings; undefined when absent or null. */
export function optionalTextMap(fields: JsonFields, name: string, what: string): { readonly [key: string]: string } | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  const entries = Object.entries(fieldsOf(value, `${what}, ${name}`)).map(([key, item]): [string, string] => {
    if (typeof item !== 'string') throw wrong(what, `has a value in ${name} that is not a string`);
    return [key, item];
  });
  return Object.fromEntries(entries);
}

/** A set written as an object with empty objects as values, as Go writes one; undefined when absent or null. */
export function optionalSet(fields: JsonFields, name: string, what: string): { readonly [key: string]: object } | undefined {
  const value = fields[name];
  if (value === undefined || value === null) return undefined;
  return Object.fromEntries(Object.keys(fieldsOf(value, `${what}, ${name}`)).map((key): [string, object] => [key, {}]));
}

export function digestField(fields: JsonFields, name: string, what: string): Digest {
  return digestOf(fields[name], `${what}, ${name}`);
}

export function digestOf(value: unknown, what: string): Digest {
  if (!isDigest(value)) throw wrong(what, `is not a sha256 digest: ${String(value).slice(0, 80)}`);
  return value;
}

/** A count of bytes. */
export function sizeField(fields: JsonFields, name: string, what: string): number {
  const value = fields[name];
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0) throw wrong(what, `has no usable ${name}`);
  return value;
}

export function wrong(what: string, how: string, cause?: unknown): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `${what} ${how}`, { document: what }, cause === undefined ? undefined : { cause });
}
