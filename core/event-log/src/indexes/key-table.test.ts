import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { KeyTable } from './key-table.ts';

const test = suite('the table of idempotency keys');

test('given many keys, when looked up, then each has the event and the operation that brought it first, and no other is there', () => {
  const table = new KeyTable();
  for (let seq = 0; seq < 10_000; seq++) table.add(`key-${seq}`, seq, `op-${seq}`);
  for (let seq = 0; seq < 10_000; seq++) table.add(`key-${seq}`, 20_000, 'another');
  assert.is(table.size, 10_000);
  for (let seq = 0; seq < 10_000; seq++) {
    assert.equal(table.get(`key-${seq}`), { seq, op: `op-${seq}` });
    assert.is(table.has(`key-${seq + 10_000}`), false);
  }
});

test('given keys like each other, empty ones and any characters, when looked up, then they are told apart', () => {
  const table = new KeyTable();
  const keys = ['', '\0', '\0\0', 'a', 'b', 'ab', 'ba', '\u20ac', '\ud83d\ude00', '\ud83d'];
  for (const [seq, key] of keys.entries()) table.add(key, seq, 'op');
  assert.equal(
    keys.map((key) => table.get(key)?.seq),
    keys.map((_, seq) => seq),
  );
});

test('given keys that came, when asked for those since some, then they come in order', () => {
  const table = new KeyTable();
  for (const key of ['c', 'a', 'b']) table.add(key, table.size, `op-${key}`);
  assert.equal(table.since(1), { keys: ['a', 'b'], ops: ['op-a', 'op-b'], seqs: Uint32Array.of(1, 2) });
});

test.run();
