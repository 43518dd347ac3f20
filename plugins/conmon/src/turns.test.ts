import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Turns } from './turns.ts';

const test = suite('conmon: turns');

test('given work on one thing, when more is asked for, also after a failure, then it begins when the former has ended', async () => {
  const turns = new Turns();
  const seen: string[] = [];
  const work =
    (name: string, fails = false) =>
    async () => {
      seen.push(`${name} begins`);
      await sleep(2);
      seen.push(`${name} ends`);
      if (fails) throw new Error(name);
      return name;
    };
  const first = turns.take('a', work('first', true)).catch((error: Error) => error.message);
  assert.equal(await Promise.all([first, turns.take('a', work('second')), turns.take('a', work('third'))]), ['first', 'second', 'third']);
  assert.equal(seen, ['first begins', 'first ends', 'second begins', 'second ends', 'third begins', 'third ends']);
});

test('given work on one thing, when another is asked for, then it does not wait', async () => {
  const turns = new Turns();
  const held = Promise.withResolvers<void>();
  const first = turns.take('a', () => held.promise);
  assert.is(await turns.take('b', async () => 'done'), 'done');
  held.resolve();
  await first;
});

test.run();
