import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { wallClock } from './wall-clock.ts';

const test = suite('the wall clock');

const ORIGIN = 1_700_000_000_000;
const HOUR = 3_600_000;

/** A host whose clock a test sets, and which it lets wait between two readings. */
function host() {
  const times = { wall: ORIGIN, steady: 0, between: 0 };
  const now = wallClock(
    ORIGIN,
    () => {
      times.wall += times.between;
      times.steady += times.between;
      return Math.floor(times.wall);
    },
    () => times.steady,
  );
  return { times, now: () => Number(BigInt(now()) / 1000n) / 1000 };
}

test('given time that passes, when asked, then it is told to the microsecond', () => {
  const { times, now } = host();
  times.wall += 5.5;
  times.steady += 5.5;
  assert.is(now(), ORIGIN + 5.5);
});

for (const [what, step] of [
  ['set ahead', 10 * 365 * 24 * HOUR],
  ['set back', -HOUR],
  ['further because the machine slept', 8 * HOUR],
] as const)
  test(`given a host's clock that is ${what}, when asked, then it follows, and goes on from there`, () => {
    const { times, now } = host();
    now();
    times.wall += step;
    assert.is(now(), ORIGIN + step);
    times.wall += 20;
    times.steady += 20;
    assert.is(now(), ORIGIN + step + 20);
  });

test('given readings that differ by little, or with a pause between them, when asked, then that is no step', () => {
  const { times, now } = host();
  times.wall += 60;
  assert.is(now(), ORIGIN);
  times.wall = ORIGIN + 500;
  times.between = 5;
  assert.is(now(), ORIGIN + 5);
});

test.run();
