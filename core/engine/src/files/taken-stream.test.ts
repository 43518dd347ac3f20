import { codeOf } from '@shiplog/contracts/testing';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { TakenStream } from './taken-stream.ts';

const test = suite('a stream that is taken');

async function* chunks(count: number, failure?: Error): AsyncGenerator<Uint8Array, void, undefined> {
  for (let number = 0; number < count; number += 1) yield new Uint8Array(2);
  if (failure !== undefined) throw failure;
}

/** With what it ended. */
function taking(source: AsyncIterable<Uint8Array>) {
  const canceled = new AbortController();
  const ends: (readonly [bytes: number, failed: boolean])[] = [];
  const stream = new TakenStream(source, canceled.signal, async (bytes, error) => void ends.push([bytes, error !== undefined]));
  return { stream, ends, cancel: () => canceled.abort() };
}

test('given a stream, when its last chunk comes, then it has ended, and nothing that comes then changes that', async () => {
  const { stream, ends, cancel } = taking(chunks(2));
  await stream.next();
  assert.equal(ends, []);
  assert.is((await stream.next()).done, false);
  assert.equal(ends, [[4, false]]);
  cancel();
  assert.is((await stream.next()).done, true);
  await stream.return();
  assert.equal(ends, [[4, false]]);
  const none = taking(chunks(0));
  assert.is((await none.stream.next()).done, true);
  assert.equal(none.ends, [[0, false]]);
});

test('given a stream, when it is canceled, left or fails, then it ends once with what was taken until then', async () => {
  const canceled = taking(chunks(3));
  await canceled.stream.next();
  canceled.cancel();
  assert.is(await codeOf(canceled.stream.next()), 'CANCELED');
  assert.equal(canceled.ends, [[2, true]]);
  const left = taking(chunks(3));
  for await (const _ of left.stream) break;
  assert.equal(left.ends, [[2, true]]);
  const failing = taking(chunks(2, new Error('torn')));
  await failing.stream.next();
  await failing.stream.next().then(
    () => assert.unreachable('it fails'),
    (error: unknown) => assert.match(String(error), 'torn'),
  );
  assert.equal(failing.ends, [[2, true]]);
});

test('given an end that fails, when the last chunk is asked for, then that is told instead', async () => {
  const stream = new TakenStream(chunks(1), new AbortController().signal, () => Promise.reject(new Error('no space')));
  await stream.next().then(
    () => assert.unreachable('it fails'),
    (error: unknown) => assert.match(String(error), 'no space'),
  );
});

test.run();
