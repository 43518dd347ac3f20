import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { DetachScanner, parseDetachKeys } from './detach-keys.ts';

const test = suite('detach-keys');

test('given names of keys, when parsed, then they are the bytes a terminal sends', () => {
  assert.equal(parseDetachKeys('ctrl-p,ctrl-q'), [16, 17]);
  assert.equal(parseDetachKeys('a,ctrl-@'), [97, 0]);
  assert.equal(parseDetachKeys('DEL'), [127]);
  for (const wrong of ['ctrl-', 'ctrl-P', 'é']) assert.throws(() => parseDetachKeys(wrong), new RegExp(`no key "${wrong}"`));
});

test('given the sequence in pieces, when typed, then it is held back and found; what is not it goes on', () => {
  const scanner = new DetachScanner([16, 17]);
  assert.equal([...scanner.feed(Uint8Array.of(1, 16)).pass], [1]);
  assert.equal([...scanner.feed(Uint8Array.of(16, 2)).pass], [16, 16, 2]);
  scanner.feed(Uint8Array.of(16));
  assert.equal([...scanner.rest()], [16]);
  scanner.feed(Uint8Array.of(16));
  assert.ok(scanner.feed(Uint8Array.of(17, 9)).detached);
});

test.run();
