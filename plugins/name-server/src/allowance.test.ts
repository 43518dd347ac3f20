import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Allowance } from './allowance.ts';

const test = suite('name server: allowance');

test('given an allowance, when more is taken than is left, then each waits for its turn; after a rest all is there again, and no more', () => {
  let now = 5000;
  const allowance = new Allowance(10, () => now);
  for (let taken = 0; taken < 10; taken++) assert.is(allowance.take(), 0);
  assert.is(allowance.take(), 100);
  assert.is(allowance.take(), 200);
  now += 200;
  assert.is(allowance.take(), 100);
  now += 3_600_000;
  for (let taken = 0; taken < 10; taken++) assert.is(allowance.take(), 0);
  assert.is(allowance.take(), 100);
});

test.run();
