import { ShiplogError } from '@shiplog/contracts';

/**
 * Reads typed fields of a JSON object. `null` and absent are the same, as in Docker. A value of another type throws
 * REQUEST_INVALID and names the field by its path.
 */
export class Fields {
  readonly #object: { readonly [key: string]: unknown };
  readonly #path: string;

  constructor(object: { readonly [key: string]: unknown }, path = '') {
    this.#object = object;
    this.#path = path;
  }

  string(name: string): string {
    return this.#optional(name, isString, 'a string') ?? '';
  }

  boolean(name: string): boolean {
    return this.#optional(name, isBoolean, 'true or false') ?? false;
  }

  maybeBoolean(name: string): boolean | undefined {
    return this.#optional(name, isBoolean, 'true or false');
  }

  /** 0 when absent. */
  integer(name: string): number {
    return this.maybeInteger(name) ?? 0;
  }

  maybeInteger(name: string): number | undefined {
    return this.#optional(name, isInteger, 'an integer');
  }

  strings(name: string): readonly string[] {
    return this.maybeStrings(name) ?? [];
  }

  maybeStrings(name: string): readonly string[] | undefined {
    return this.#optional(name, isStrings, 'a list of strings');
  }

  /** A list of strings, or one string for a list of one: how Docker reads Cmd and Entrypoint. */
  words(name: string): readonly string[] | undefined {
    const value = this.#object[name];
    return typeof value === 'string' ? [value] : this.maybeStrings(name);
  }

  integers(name: string): readonly number[] {
    return this.#optional(name, isIntegers, 'a list of integers') ?? [];
  }

  /** An object whose values are strings. */
  map(name: string): { readonly [key: string]: string } {
    return this.#optional(name, isStringMap, 'an object with string values') ?? {};
  }

  /** Keys of an object whose values do not matter. */
  keys(name: string): readonly string[] {
    return Object.keys(this.#optional(name, isObject, 'an object') ?? {});
  }

  /** A nested object; an empty one when absent. */
  object(name: string): Fields {
    return new Fields(this.#optional(name, isObject, 'an object') ?? {}, this.#name(name));
  }

  has(name: string): boolean {
    return this.#object[name] !== undefined && this.#object[name] !== null;
  }

  /** Whether the field holds anything but a default: null, '', 0, false, an empty list or object. */
  asks(name: string): boolean {
    const value = this.#object[name];
    if (value === undefined || value === null || value === '' || value === 0 || value === false) return false;
    return typeof value !== 'object' || Object.keys(value).length > 0;
  }

  /** A list of objects. */
  objects(name: string): readonly Fields[] {
    const list = this.#optional(name, isObjects, 'a list of objects') ?? [];
    return list.map((entry, index) => new Fields(entry, `${this.#name(name)}[${index}]`));
  }

  /** Entries of an object whose values are objects or null. */
  entries(name: string): readonly (readonly [string, Fields])[] {
    const outer = this.object(name);
    return Object.keys(outer.#object).map((key) => [key, outer.object(key)] as const);
  }

  /** Entries of an object whose values are lists of objects or null. */
  listEntries(name: string): readonly (readonly [string, readonly Fields[]])[] {
    const outer = this.object(name);
    return Object.keys(outer.#object).map((key) => [key, outer.objects(key)] as const);
  }

  #name(name: string): string {
    return this.#path === '' ? name : `${this.#path}.${name}`;
  }

  #optional<T>(name: string, is: (value: unknown) => value is T, expected: string): T | undefined {
    const value = this.#object[name];
    if (value === undefined || value === null) return undefined;
    if (is(value)) return value;
    throw new ShiplogError('REQUEST_INVALID', `invalid JSON: ${this.#name(name)} must be ${expected}, not ${kindOf(value)}`);
  }
}

function kindOf(value: unknown): string {
  return Array.isArray(value) ? 'a list' : typeof value;
}

const isString = (value: unknown): value is string => typeof value === 'string';
const isBoolean = (value: unknown): value is boolean => typeof value === 'boolean';
const isInteger = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value);
const isStrings = (value: unknown): value is readonly string[] => Array.isArray(value) && value.every(isString);
const isIntegers = (value: unknown): value is readonly number[] => Array.isArray(value) && value.every(isInteger);
const isObject = (value: unknown): value is { readonly [key: string]: unknown } =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isObjects = (value: unknown): value is readonly { readonly [key: string]: unknown }[] =>
  Array.isArray(value) && value.every(isObject);
const isStringMap = (value: unknown): value is { readonly [key: string]: string } =>
  isObject(value) && Object.values(value).every(isString);
