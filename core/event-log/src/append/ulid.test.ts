import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ulidSource } from './ulid.ts';

const test = suite('event ids');

test('given a clock that stands, jumps and steps back, when ids are made, then they ascend and are unique', () => {
  const times = [1000, 1000, 1000, 5000, 4000, 4000, 6000, 281474976710655];
  const next = ulidSource(() => times.shift() ?? 0);
  const ids = Array.from({ length: 8 }, next);
  assert.equal(ids, ids.toSorted());
  assert.is(new Set(ids).size, 8);
  for (const id of ids) assert.match(id, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  assert.is(ids.at(-1)?.slice(0, 10), '7ZZZZZZZZZ');
});

test.run();
