import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Announcer } from './announcer.ts';

const test = suite('announcer');

test('given two who listen, when something is told, then each hears all since it began, and its own beginning first', async () => {
  const announcer = new Announcer<number>();
  announcer.tell(0);
  const end = new AbortController();
  const heard = async (begin: number): Promise<readonly number[]> => {
    const found: number[] = [];
    for await (const value of announcer.follow(end.signal, (tell) => tell(begin))) if (found.push(value) === 3) return found;
    return found;
  };
  const both = Promise.all([heard(-1), heard(-2)]);
  assert.ok(announcer.isHeard);
  for (const value of [1, 2]) announcer.tell(value);
  assert.equal(await both, [
    [-1, 1, 2],
    [-2, 1, 2],
  ]);
  assert.not.ok(announcer.isHeard);
  const last = heard(-3);
  end.abort();
  assert.equal(await last, []);
});

test.run();
