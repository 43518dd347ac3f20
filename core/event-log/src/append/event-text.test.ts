import type { ShiplogEvent } from '@shiplog/contracts';
import * as fc from 'fast-check';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalJson } from './canonical-json.ts';
import { eventText } from './event-text.ts';

const test = suite('the text of an event');

/** Fields as an event has them, whatever strings stand in them; optional ones are there or not. */
const text = () => fc.string({ unit: 'binary' });
const value = () => fc.json().map((each) => JSON.parse(each) as unknown);
const event = fc.record(
  {
    actor: fc.constant({ scheme: 'unix', uid: 0, gid: 0, pid: 1 }),
    boot: text(),
    cause: fc.nat(),
    corr: text(),
    data: value(),
    driver: fc.constant({ name: 'vfs', kind: 'storage' }),
    id: text(),
    idem: text(),
    inst: text(),
    kind: fc.constantFrom('intent', 'outcome'),
    mono: text(),
    op: text(),
    req: value(),
    result: value(),
    rev: fc.nat(),
    seq: fc.nat(),
    stream: text(),
    sv: fc.nat(),
    t: text(),
    tags: value(),
    type: text(),
    v: fc.constant(1),
  },
  {
    requiredKeys: ['actor', 'boot', 'corr', 'data', 'id', 'inst', 'kind', 'mono', 'op', 'rev', 'seq', 'stream', 'sv', 't', 'type', 'v'],
  },
);

test('given any event, when written, then it is the canonical JSON of it', () => {
  fc.assert(
    fc.property(event, (each) => {
      assert.is(eventText(each as unknown as ShiplogEvent), canonicalJson(each));
    }),
    { numRuns: 500 },
  );
});

test('given a field that JSON cannot hold, or a string field that is none, when written, then INTERNAL', () => {
  const whole = { actor: {}, boot: '', corr: '', data: {}, id: '', inst: '', kind: 'meta', mono: '', op: '', rev: 0, seq: 0 };
  const rest = { stream: 'engine', sv: 1, t: '', type: '', v: 1 };
  for (const wrong of [{ data: { at: new Date(0) } }, { sv: Number.NaN }, { cause: Number.POSITIVE_INFINITY }, { op: undefined }]) {
    assert.throws(
      () => eventText({ ...whole, ...rest, ...wrong } as unknown as ShiplogEvent),
      (error: { code?: string }) => error.code === 'INTERNAL',
    );
  }
});

test.run();
