import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Backlog } from './backlog.ts';

const test = suite('conmon: output that waits for its reader');
const bytes = (length: number) => ({ stream: 1 as const, data: new Uint8Array(length) });

test('given chunks before and after the reader comes, when it reads, then it gets them in order and the end', async () => {
  const backlog = new Backlog();
  backlog.push(bytes(1));
  setTimeout(() => {
    backlog.push(bytes(2));
    backlog.end();
  }, 5);
  const lengths: number[] = [];
  for await (const { data } of backlog.chunks()) lengths.push(data.length);
  assert.equal(lengths, [1, 2]);
  assert.is(backlog.push(bytes(1)), false);
});

test('given a reader that is too far behind, when it reads, then it gets what was kept and an error', async () => {
  const backlog = new Backlog(10);
  assert.is(backlog.push(bytes(6)), true);
  assert.is(backlog.push(bytes(6)), false);
  assert.is(backlog.push(bytes(1)), false, 'what comes later would leave a hole');
  const lengths: number[] = [];
  try {
    for await (const { data } of backlog.chunks()) lengths.push(data.length);
    assert.unreachable();
  } catch (error) {
    assert.is((error as { code?: string }).code, 'RUNTIME_FAILED');
  }
  assert.equal(lengths, [6]);
});

test.run();
