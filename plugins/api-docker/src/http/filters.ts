import { ShiplogError } from '@shiplog/contracts';

/** The `filters` parameter. Values of one key are alternatives; keys, and the values of `label`, must all match. */
export class Filters {
  readonly #values: ReadonlyMap<string, readonly string[]>;

  private constructor(values: ReadonlyMap<string, readonly string[]>) {
    this.#values = values;
  }

  /** Reads both encodings: `{"k":["v"]}` and the Go client's `{"k":{"v":true}}`. Throws FILTER_INVALID. */
  static parse(text: string | null): Filters {
    const values = new Map<string, readonly string[]>();
    if (text === null || text === '') return new Filters(values);
    const document = parse(text);
    if (!isObject(document)) throw unreadable(text);
    for (const [key, value] of Object.entries(document)) {
      if (Array.isArray(value)) {
        if (!value.every((entry) => typeof entry === 'string')) throw unreadable(text);
        values.set(key, value);
      } else if (isObject(value)) {
        values.set(key, Object.keys(value));
      } else {
        throw unreadable(text);
      }
    }
    return new Filters(values);
  }

  /** Throws FILTER_INVALID when a key is none of `known`. */
  only(...known: readonly string[]): this {
    for (const key of this.#values.keys()) {
      if (!known.includes(key)) throw new ShiplogError('FILTER_INVALID', `invalid filter '${key}'`, { known: known.join(', ') });
    }
    return this;
  }

  has(key: string): boolean {
    return this.get(key).length > 0;
  }

  get(key: string): readonly string[] {
    return this.#values.get(key) ?? [];
  }

  /** Whether the key is absent or `test` holds for one of its values. */
  some(key: string, test: (value: string) => boolean): boolean {
    return !this.has(key) || this.get(key).some(test);
  }

  /** Whether a value equals one of `candidates`. */
  exact(key: string, ...candidates: readonly string[]): boolean {
    return this.some(key, (value) => candidates.includes(value));
  }

  /** Whether one of `candidates` begins with a value. */
  prefix(key: string, ...candidates: readonly string[]): boolean {
    return this.some(key, (value) => candidates.some((candidate) => candidate.startsWith(value)));
  }

  /** Whether a value, taken as a regular expression, occurs in one of `candidates`. A value that is none matches exactly. */
  pattern(key: string, ...candidates: readonly string[]): boolean {
    return this.some(key, (value) => {
      const expression = toExpression(value);
      return candidates.some((candidate) => (expression === undefined ? candidate === value : expression.test(candidate)));
    });
  }

  /** Whether all values (`name` or `name=value`) are in `map`. */
  labels(key: string, map: { readonly [label: string]: string }): boolean {
    return this.get(key).every((wanted) => holdsLabel(map, wanted));
  }

  /** Whether none of the values is in `map`: the meaning of `label!`. */
  noLabels(key: string, map: { readonly [label: string]: string }): boolean {
    return !this.get(key).some((unwanted) => holdsLabel(map, unwanted));
  }

  /** The value of a key that has one at most; undefined when absent. Throws FILTER_INVALID for more, in Docker's words. */
  one(key: string): string | undefined {
    const [value, ...more] = this.get(key);
    if (more.length > 0) throw new ShiplogError('FILTER_INVALID', `more than one ${key} filter specified`);
    return value;
  }

  /** Throws FILTER_INVALID for a value that is none of `known`. */
  among(key: string, known: ReadonlySet<string>): this {
    for (const value of this.get(key)) {
      if (!known.has(value)) throw new ShiplogError('FILTER_INVALID', `invalid filter '${key}=${value}'`, { known: [...known].join(', ') });
    }
    return this;
  }

  /** A yes-or-no filter; undefined when absent. Throws FILTER_INVALID. */
  flag(key: string): boolean | undefined {
    if (!this.has(key)) return undefined;
    const values = this.get(key);
    if (values.every((value) => value === '1' || value.toLowerCase() === 'true')) return true;
    if (values.every((value) => value === '0' || value.toLowerCase() === 'false')) return false;
    throw new ShiplogError('FILTER_INVALID', `invalid filter '${key}=${values.join(',')}'`);
  }
}

function holdsLabel(map: { readonly [label: string]: string }, wanted: string): boolean {
  const at = wanted.indexOf('=');
  const name = at < 0 ? wanted : wanted.slice(0, at);
  if (!Object.hasOwn(map, name)) return false;
  return at < 0 || map[name] === wanted.slice(at + 1);
}

function toExpression(text: string): RegExp | undefined {
  try {
    return new RegExp(text, 'u');
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw unreadable(text, error);
  }
}

function unreadable(text: string, cause?: unknown): ShiplogError {
  return new ShiplogError('FILTER_INVALID', `invalid filter: cannot read ${text.slice(0, 200)}`, {}, { cause });
}

function isObject(value: unknown): value is { readonly [key: string]: unknown } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
