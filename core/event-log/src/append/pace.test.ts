import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from './pace.ts';

const test = suite('pace of a crowd');

/** A pace by clocks that go by what is told: a write of `write` ms acknowledges `count`, whose turn takes `work` ms of a processor. */
function paced() {
  let now = 0;
  let worked = 0;
  const pace = new Pace(
    () => now,
    () => worked,
  );
  const round = (write: number, work: number, waiting = 0, count = 200): boolean => {
    pace.begins();
    now += write;
    pace.ended(count, waiting);
    now += work * 3;
    worked += work;
    return pace.overlap;
  };
  const rounds = (count: number, write: number, work: number, waiting = 0): boolean =>
    Array.from({ length: count }, () => round(write, work, waiting)).at(-1) === true;
  return { round, rounds };
}

test('given nothing known, when asked, then halves overlap', () => {
  assert.is(new Pace().overlap, true);
});

test('given writes that take longer than the work, when some ended, then the next waits for those it acknowledges', () => {
  const { rounds } = paced();
  assert.is(rounds(3, 5, 1), false);
});

test('given work that takes longer than the writes, when some ended, then the next does not wait', () => {
  const { rounds } = paced();
  assert.is(rounds(3, 1, 5), true);
});

test('given that a half waits, when asked, then the work of both halves counts', () => {
  const { round, rounds } = paced();
  assert.is(rounds(3, 5, 3, 200), true);
  assert.is(round(5, 3), false);
});

test('given a disk that becomes slow and fast again, when some writes were so, then the pace follows; one odd write among many does not change it', () => {
  const { rounds } = paced();
  assert.is(rounds(60, 1, 2), true);
  assert.is(rounds(1, 5, 2), true);
  assert.is(rounds(60, 5, 2), false);
  assert.is(rounds(120, 1, 2), true);
});

test('given a clock of work that goes in steps of many turns, when many turns took less than their writes, then halves do not overlap; when more, they do', () => {
  for (const [write, overlap] of [
    [1, false],
    [0.25, true],
  ] as const) {
    let now = 0;
    let turns = 0;
    const pace = new Pace(
      () => now,
      // Each turn takes half a millisecond, and the kernel counts four at once.
      () => Math.floor(turns / 8) * 4,
    );
    const seen = new Set<boolean>();
    for (; turns < 400; turns++) {
      pace.begins();
      now += write;
      pace.ended(200, 0);
      if (turns > 200) seen.add(pace.overlap);
    }
    assert.equal([...seen], [overlap], `writes of ${write} ms`);
  }
});

test('given a few, when their writes end, then they share the next one whole, and what was worked meanwhile tells nothing of a crowd', () => {
  const { round, rounds } = paced();
  assert.is(rounds(60, 5, 1), false);
  assert.is(round(1, 1000, 0, 3), false);
  assert.is(round(5, 1), false);
  assert.is(rounds(3, 5, 1), false);
});

test.run();
