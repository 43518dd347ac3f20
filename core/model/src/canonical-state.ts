import { State } from './state.ts';

const MAPS = ['containers', 'execs', 'images', 'networks', 'volumes', 'plugins', 'openOperations', 'pending'] as const;

/** Maps that came later: while they are empty, the text is what it was before. */
const LATER: ReadonlySet<string> = new Set(['plugins']);

/**
 * The whole state as text: equal states, and only those, have equal text. Keys are in code point order and absent fields
 * are left out, as in RFC 8785 (JSON Canonicalization Scheme). Fit for hashing, and {@link restoreState} reads it back.
 */
export function canonicalState(state: State): string {
  return [...canonicalPieces(state)].join('');
}

/**
 * {@link canonicalState} in pieces, for a long one to be hashed bit by bit. The state must not change before the last. The text of a record
 * is kept as long as the record: most are the same the next time.
 */
export function* canonicalPieces(state: State): Generator<string, void, undefined> {
  let separator = '{';
  const names = MAPS.filter((name) => state[name].size > 0 || !LATER.has(name));
  for (const name of [...names, 'format', 'seq'].toSorted()) {
    yield `${separator}${JSON.stringify(name)}:`;
    separator = ',';
    if (name === 'format') yield '1';
    else if (name === 'seq') yield String(state.seq);
    else yield* piecesOf(state[name as (typeof MAPS)[number]]);
  }
  yield '}';
}

function* piecesOf(map: ReadonlyMap<string, object>): Generator<string, void, undefined> {
  let separator = '{';
  for (const key of [...map.keys()].toSorted()) {
    yield `${separator}${JSON.stringify(key)}:${textOf(map.get(key) ?? {})}`;
    separator = ',';
  }
  yield separator === '{' ? '{}' : '}';
}

/** Canonical texts of records, which are replaced and never changed. */
const TEXTS = new WeakMap<object, string>();

function textOf(record: object): string {
  const known = TEXTS.get(record);
  if (known !== undefined) return known;
  const text = canonical(record);
  TEXTS.set(record, text);
  return text;
}

/** The state that {@link canonicalState} wrote. Throws SyntaxError or TypeError for other text. */
export function restoreState(text: string): State {
  const plain: { readonly format?: unknown; readonly seq: number } & { readonly [name: string]: unknown } = JSON.parse(text);
  if (plain.format !== 1) throw new TypeError(`state snapshot has format ${String(plain.format)}, expected 1`);
  const state = new State();
  state.seq = plain.seq;
  for (const name of MAPS) {
    const target: Map<string, unknown> = state[name];
    for (const [key, record] of Object.entries((plain[name] ?? {}) as object)) target.set(key, record);
  }
  return state;
}

/** Any plain value as JSON with keys in order of their UTF-16 code units (RFC 8785) and absent fields left out. */
export function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
