import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Pace } from './pace.ts';

const test = suite('pace of a crowd');

/** A pace by clocks that go by what is told: a write of `write` ms acknowledges 100, whose turn takes `work` ms of a processor. */
function paced() {
  let now = 0;
  let worked = 0;
  const pace = new Pace(
    () => now,
    () => worked,
  );
  const round = (write: number, work: number, waiting = 0): boolean => {
    pace.begins();
    now += write;
    pace.ended(100, waiting);
    now += work * 3;
    worked += work;
    pace.turned();
    return pace.overlap;
  };
  return { pace, round };
}

test('given nothing known, when asked, then halves overlap', () => {
  assert.is(new Pace().overlap, true);
});

test('given writes that take longer than the work, when one ends, then the next waits for those it acknowledges', () => {
  const { round } = paced();
  round(5, 1);
  assert.is(round(5, 1), false);
});

test('given work that takes longer than the writes, when one ends, then the next does not wait', () => {
  const { round } = paced();
  round(1, 5);
  assert.is(round(1, 5), true);
});

test('given that a half waits, when asked, then the work of both halves counts', () => {
  const { round } = paced();
  round(5, 3, 100);
  assert.is(round(5, 3, 100), true);
  assert.is(round(5, 3), false);
});

test('given a disk that becomes slow and fast again, when some writes were so, then the pace follows; one odd write among many does not change it', () => {
  const { round } = paced();
  const rounds = (count: number, write: number): boolean => Array.from({ length: count }, () => round(write, 2)).at(-1) === true;
  assert.is(rounds(20, 1), true);
  assert.is(rounds(1, 5), true);
  assert.is(rounds(20, 5), false);
  assert.is(rounds(40, 1), true);
});

test('given a turn that was measured, when a turn ends that nothing was acknowledged before, then it does not count', () => {
  const { pace, round } = paced();
  round(5, 1);
  pace.turned();
  assert.is(round(5, 1), false);
});

test.run();
