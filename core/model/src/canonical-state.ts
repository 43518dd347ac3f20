import { State } from './state.ts';

const MAPS = ['containers', 'execs', 'images', 'networks', 'volumes', 'openOperations', 'pending'] as const;

/**
 * The whole state as text: equal states, and only those, have equal text. Keys are in code point order and absent fields
 * are left out, as in RFC 8785 (JSON Canonicalization Scheme). Fit for hashing, and {@link restoreState} reads it back.
 */
export function canonicalState(state: State): string {
  const plain: Record<string, unknown> = { format: 1, seq: state.seq };
  for (const name of MAPS) plain[name] = Object.fromEntries(state[name]);
  return canonical(plain);
}

/** The state that {@link canonicalState} wrote. Throws SyntaxError or TypeError for other text. */
export function restoreState(text: string): State {
  const plain: { readonly format?: unknown; readonly seq: number } & { readonly [name: string]: unknown } = JSON.parse(text);
  if (plain.format !== 1) throw new TypeError(`state snapshot has format ${String(plain.format)}, expected 1`);
  const state = new State();
  state.seq = plain.seq;
  for (const name of MAPS) {
    const target: Map<string, unknown> = state[name];
    for (const [key, record] of Object.entries(plain[name] as object)) target.set(key, record);
  }
  return state;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item ?? null)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .toSorted(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, field]) => `${JSON.stringify(key)}:${canonical(field)}`).join(',')}}`;
}
