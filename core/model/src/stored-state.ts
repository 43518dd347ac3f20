import { ShiplogError, type StoredState } from '@shiplog/contracts';
import { canonical } from './canonical-state.ts';
import { State } from './state.ts';

/** Makes a stored state of one schema version into that of the next, from itself alone. */
export type StateUpcaster = (stored: StoredState) => StoredState;

/**
 * The first leads from schema 1 to 2, and so on. One is added when what `evolve` makes of the same events gets another shape: the events that a
 * stored state stands for are gone, so nothing else makes one of long ago into what this release folds on. The golden pruned logs
 * (test/replay) tell when that was forgotten.
 */
export const STATE_UPCASTERS: readonly StateUpcaster[] = [];

const MAPS = ['containers', 'execs', 'images', 'networks', 'volumes', 'plugins', 'openOperations', 'pending'] as const;

/** The whole state in a form that outlives releases. {@link restoreStored} makes it a state again: the same one, also in the order of its records. */
export function storeState(state: State): StoredState {
  const maps = MAPS.map((name) => [name, [...state[name]]] as const);
  return { schema: 1 + STATE_UPCASTERS.length, seq: state.seq, ...Object.fromEntries(maps) };
}

/** A stored state as text: JSON with keys in order of their UTF-16 code units and absent fields left out (RFC 8785), so that equal ones have equal bytes. */
export function storedText(stored: StoredState): string {
  return canonical(stored);
}

/** Throws LOG_TOO_NEW for one that a later release stored, LOG_CORRUPT for what is none. */
export function restoreStored(stored: StoredState, table: readonly StateUpcaster[] = STATE_UPCASTERS): State {
  const { schema, seq } = stored;
  const now = 1 + table.length;
  if (!Number.isSafeInteger(schema) || schema < 1 || !Number.isSafeInteger(seq))
    throw new ShiplogError('LOG_CORRUPT', 'what stands for pruned events is no stored state', { schema, seq });
  if (schema > now)
    throw new ShiplogError(
      'LOG_TOO_NEW',
      `the state before the first event has schema ${schema}, and this release reads ${now}: use a newer one`,
      {
        schema,
      },
    );
  let plain = stored;
  for (const next of table.slice(schema - 1)) plain = next(plain);
  const state = new State();
  state.seq = seq;
  for (const name of MAPS) {
    const target: Map<string, unknown> = state[name];
    // The last upcaster makes what this release stores.
    for (const [key, record] of (plain[name] ?? []) as readonly (readonly [string, unknown])[]) target.set(key, record);
  }
  return state;
}
