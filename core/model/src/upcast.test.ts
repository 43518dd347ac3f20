import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ShiplogEvent } from '@shiplog/contracts';
import { canonicalState } from './canonical-state.ts';
import { evolve } from './evolve.ts';
import { createState } from './state.ts';
import { syntheticLog } from './testing/index.ts';
import { schemaVersion, upcast, type UpcasterTable } from './upcast.ts';

const test = suite('schema versions');

/** As if `volume.create` had once had its name twice, and then under another word. */
const table: UpcasterTable = new Map([
  [
    'container.oom',
    [
      ({ count, ...rest }) => ({ ...rest, kills: count }),
      ({ kills, ...rest }) => ({ ...rest, kills: Array.isArray(kills) ? kills.length : kills }),
    ],
  ],
]);

function oom(sv: number, data: object): ShiplogEvent {
  const stamp = { op: 'o', corr: 'o', t: '1', mono: '1', boot: 'b', inst: 'i', actor: { scheme: 'system', reason: 'test' } };
  return {
    v: 1,
    seq: 0,
    id: 'e',
    stream: 'container/c',
    rev: 0,
    type: 'container.oom',
    sv,
    kind: 'observed',
    ...stamp,
    data,
  } as ShiplogEvent;
}

test('given data of any older version, when it is read, then it goes through every upcaster after it, and what was stored stays', () => {
  const stored = oom(1, { id: 'c', count: [1, 2] });
  const before = structuredClone(stored);
  assert.equal(upcast(stored, table), oom(3, { id: 'c', kills: 2 }));
  assert.equal(stored, before);
  assert.equal(upcast(oom(2, { id: 'c', kills: [1] }), table), oom(3, { id: 'c', kills: 1 }));
  const current = oom(3, { id: 'c', kills: 4 });
  assert.is(upcast(current, table), current);
  assert.is(schemaVersion('container.oom', table), 3);
  assert.is(schemaVersion('container.exited', table), 1);
});

test('given data of a later version, when it is read, then nobody guesses', () => {
  assert.is(upcast(oom(4, { id: 'c', deaths: 4 }), table), undefined);
});

test('given a log with events of later versions and unknown types among them, when folded, then they count and change nothing', () => {
  const events = [...syntheticLog(2000, { containers: 20 })].flatMap((append) => append.events);
  const state = createState();
  const mixed = createState();
  let seq = 0;
  for (const event of events) {
    evolve(state, event);
    const strangers = [
      { ...event, sv: 99, kind: 'observed', data: { of: 'the future' } },
      { ...event, type: 'container.teleported', kind: 'observed', data: {} },
    ];
    // The type says that this release does not have them; a log may hold them all the same.
    for (const stranger of event.seq % 50 === 0 ? (strangers as ShiplogEvent[]) : []) evolve(mixed, { ...stranger, seq: seq++ });
    evolve(mixed, { ...event, seq: seq++ });
  }
  assert.is(mixed.seq, seq - 1);
  // Open operations know their positions, which are others; all else is the same.
  mixed.seq = state.seq;
  const plain = (text: string): unknown => {
    const { openOperations: _, ...rest } = JSON.parse(text) as { openOperations: unknown };
    return rest;
  };
  assert.equal(plain(canonicalState(mixed)), plain(canonicalState(state)));
});

test('given an intent and an outcome of a later version, when folded, then the outcome still ends its operation', () => {
  const events = [...syntheticLog(500, { containers: 5 })].flatMap((append) => append.events);
  const state = createState();
  let ended = 0;
  for (const event of events) {
    if (event.type === 'container.start.succeeded') {
      ended += 1;
      evolve(state, { ...event, sv: 99 });
      assert.not.ok(state.openOperations.has(event.op));
      assert.is(state.containers.get(event.stream.slice('container/'.length))?.busy, undefined);
    } else evolve(state, event);
  }
  assert.ok(ended > 0);
});

test.run();
