import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeyedLock } from './keyed-lock.ts';
import { WorkPool } from './work-pool.ts';

const test = suite('driver-kit: taking turns');

test('given work on one key, when it is asked for at once, then it runs one after the other in order, failures too', async () => {
  const lock = new KeyedLock();
  const seen: string[] = [];
  const piece = (name: string) => async () => {
    seen.push(`${name} begins`);
    await new Promise((resolve) => setImmediate(resolve));
    seen.push(`${name} ends`);
    if (name === 'a') throw new Error('a failed');
  };
  const results = await Promise.allSettled([lock.run('k', piece('a')), lock.run('k', piece('b')), lock.run('k', piece('c'))]);
  assert.equal(seen, ['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends']);
  assert.equal(
    results.map(({ status }) => status),
    ['rejected', 'fulfilled', 'fulfilled'],
  );
});
test('given work on two keys, when one waits, then the other does not', async () => {
  const lock = new KeyedLock();
  const never = Promise.withResolvers<void>();
  const slow = lock.run('slow', () => never.promise);
  assert.is(await lock.run('fast', async () => 1), 1);
  never.resolve();
  await slow;
});
test('given a pool of two, when four pieces are started, then never more than two run and the first failure is told', async () => {
  const pool = new WorkPool(2);
  let running = 0;
  let most = 0;
  for (const name of ['a', 'b', 'c', 'd']) {
    await pool.start(async () => {
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 2));
      running -= 1;
      if (name === 'd') throw new Error('d failed');
    });
  }
  const failure = await pool.drain().catch((error: unknown) => error);
  assert.is((failure as Error).message, 'd failed');
  assert.equal([most, running], [2, 0]);
});

test.run();
