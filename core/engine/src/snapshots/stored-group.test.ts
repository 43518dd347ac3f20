import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Fields } from './common-fields.ts';
import { decodeGroup, encodeGroup, type StoredGroup } from './stored-group.ts';

const test = suite('groups of fields, and changes of them');

/** Every group that has some of these fields, each with one of two values: undefined stands for one that is not there. */
function* groups(fields: readonly string[] = ['a', 'b', 'c']): Iterable<Fields> {
  const [field, ...more] = fields;
  if (field === undefined) return yield {};
  for (const rest of groups(more))
    for (const value of [undefined, 1, ['x']]) yield value === undefined ? rest : { [field]: value, ...rest };
}

/** As JSON has it. */
function stored(group: StoredGroup): StoredGroup {
  return JSON.parse(JSON.stringify(group)) as StoredGroup;
}

test('given a group, its ground, and a change of it, when decoded, then it is as it was, and the ground is untouched', () => {
  const all = [...groups()];
  assert.is(all.length, 27);
  for (const ground of all) {
    const before = JSON.stringify(ground);
    for (const group of all) {
      const one = stored(encodeGroup(group, ground));
      assert.equal(decodeGroup(ground, one), group);
      for (const now of all) assert.equal(decodeGroup(ground, one, stored(encodeGroup(now, group))), now);
    }
    assert.is(JSON.stringify(ground), before);
  }
});

test('given a group that says what its ground says, when decoded, then it is the ground itself: many records share it', () => {
  const ground = { a: 1, b: ['x'] };
  assert.is(encodeGroup({ ...ground }, ground), 0);
  assert.is(decodeGroup(ground, 0), ground);
  assert.is.not(decodeGroup(ground, { a: 2 }), ground);
});

test.run();
