import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { parseMoment } from '@shiplog/contracts';
import { zonedMoment } from './zoned-moment.ts';

const test = suite('zoned moment');

test('given what has a zone or is no time, when sent, then it stays as it is', () => {
  for (const text of ['2026-01-31T10:00:00Z', '2026-01-31T10:00+02:00', '4711', '10m', 'now', '1767225600', '2026-02-30', '2026-13-01', ''])
    assert.is(zonedMoment(text), text);
});

test('given a time without a zone, when sent to an engine in the same zone, then it is what the engine would have read', () => {
  const now = Date.parse('2026-08-01T12:00:00Z');
  for (const text of ['2026-01-31', '2026-07-31T10:00', '2026-07-31 10:00:05.25', 'yesterday', 'today', '11:30']) {
    assert.match(zonedMoment(text, now), /Z$/);
    for (const edge of ['first', 'last'] as const)
      assert.equal(parseMoment(zonedMoment(text, now), 0n, edge), parseMoment(text, BigInt(now) * 1_000_000n, edge));
  }
});

test.run();
