import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError, type StoredState } from '@shiplog/contracts';
import { canonicalState } from './canonical-state.ts';
import { evolve } from './evolve.ts';
import { createState, type State } from './state.ts';
import { restoreStored, type StateUpcaster, storedText, storeState } from './stored-state.ts';
import { syntheticLog } from './testing/index.ts';

const test = suite('stored states');
const events = [...syntheticLog(5000, { containers: 40 })].flatMap((append) => append.events);

function folded(to: number): State {
  const state = createState();
  for (const event of events.slice(0, to)) evolve(state, event);
  return state;
}

const codeOf = (run: () => unknown): string => {
  try {
    run();
    return 'none';
  } catch (error) {
    return error instanceof ShiplogError ? error.code : String(error);
  }
};

test('given a state at any position, when it is stored as text and restored, then all folds on as if it had not been, records in their order', () => {
  for (const at of [0, 1, 777, 2500, 4999]) {
    const state = folded(at);
    const text = storedText(storeState(state));
    const restored = restoreStored(JSON.parse(text) as StoredState);
    assert.is(canonicalState(restored), canonicalState(state));
    assert.equal([...restored.containers.keys()], [...state.containers.keys()]);
    assert.is(storedText(storeState(restored)), text);
    for (const event of events.slice(at)) {
      evolve(state, event);
      evolve(restored, event);
    }
    assert.is(canonicalState(restored), canonicalState(state));
  }
});

test('given a state that an earlier release stored, when a later one restores it, then it goes through every upcaster since', () => {
  const stored = storeState(folded(2000));
  /** As if later releases gave volumes a field each, the second made of the first. */
  const grown =
    (field: string, value: (record: { readonly [field: string]: unknown }) => unknown): StateUpcaster =>
    (plain) => ({
      ...plain,
      volumes: (plain['volumes'] as [string, { [field: string]: unknown }][]).map(([key, record]) => [
        key,
        { ...record, [field]: value(record) },
      ]),
    });
  const table = [grown('first', ({ name }) => `${String(name)}!`), grown('second', ({ first }) => `${String(first)}?`)];
  const before = storedText(stored);
  const now = restoreStored(stored, table);
  assert.ok(now.volumes.size > 0);
  for (const [name, record] of now.volumes) assert.is((record as unknown as { second: string }).second, `${name}!?`);
  const half = restoreStored({ ...table[0]?.(stored), schema: 2, seq: stored.seq }, table);
  assert.is(canonicalState(half), canonicalState(now));
  assert.is(storedText(stored), before, 'what was stored stays as it is');
});

test('given a state of a later release, or what is none, when restored, then it is refused', () => {
  const stored = storeState(folded(100));
  assert.is(
    codeOf(() => restoreStored({ ...stored, schema: 2 })),
    'LOG_TOO_NEW',
  );
  assert.is(
    codeOf(() => restoreStored({ ...stored, schema: 0 })),
    'LOG_CORRUPT',
  );
  assert.is(
    codeOf(() => restoreStored({} as StoredState)),
    'LOG_CORRUPT',
  );
});

test.run();
