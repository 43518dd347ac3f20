import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Measurements } from './measurements.ts';

const test = suite('measurements');

/** A measurement that ends when it is told to. */
function held(bytes: number) {
  const { promise, resolve } = Promise.withResolvers<number>();
  const signals: AbortSignal[] = [];
  return {
    signals,
    end: () => resolve(bytes),
    run: (signal: AbortSignal): Promise<number> => {
      signals.push(signal);
      return promise;
    },
  };
}

const unexpected = (): never => assert.unreachable() as never;
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('given a tree that is being measured, when others ask, then they share it, and the next question measures anew', async () => {
  const all = new Measurements();
  const first = held(7);
  const asked = [all.of('a', first.run), all.of('a', first.run), all.of('a', first.run)];
  first.end();
  assert.equal(await Promise.all(asked), [7, 7, 7]);
  assert.is(first.signals.length, 1);
  assert.is(await all.of('a', async () => 8), 8);
});

test('given many trees, when they are measured, then two at a time are, in the order of the questions', async () => {
  const all = new Measurements();
  const works = [held(0), held(1), held(2), held(3)];
  const asked = works.map((work, index) => all.of(String(index), work.run));
  const begun = (): readonly number[] => works.map(({ signals }) => signals.length);
  await settled();
  assert.equal(begun(), [1, 1, 0, 0]);
  works[1]?.end();
  await settled();
  assert.equal(begun(), [1, 1, 1, 0]);
  for (const work of works) work.end();
  assert.equal(await Promise.all(asked), [0, 1, 2, 3]);
});

test('given one who asked and went away, when others wait, then it goes on for them; if nobody does, it is given up', async () => {
  const all = new Measurements();
  const work = held(5);
  const [one, two] = [new AbortController(), new AbortController()];
  const asked = [all.of('a', work.run, one.signal), all.of('a', work.run, two.signal)] as const;
  one.abort();
  await asked[0].then(unexpected, (error: Error) => assert.match(error.message, 'nobody waits'));
  assert.is(work.signals[0]?.aborted, false);
  two.abort();
  await asked[1].then(unexpected, () => undefined);
  assert.is(work.signals[0]?.aborted, true);
  assert.is(await all.of('a', async () => 6), 6, 'not what was given up');
  await all.of('b', async () => 1, two.signal).then(unexpected, () => undefined);
});

test('given a measurement that fails, when it is waited for, then all hear of it, and its place is free again', async () => {
  const all = new Measurements();
  const fail = async (): Promise<number> => {
    throw new Error('broken');
  };
  for (const key of ['a', 'b', 'c', 'd']) {
    const asked = [all.of(key, fail), all.of(key, fail)];
    for (const one of asked) await one.then(unexpected, (error: Error) => assert.is(error.message, 'broken'));
  }
  assert.is(await all.of('a', async () => 1), 1);
});

test.run();
