import { PassThrough } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { printAll } from './print-all.ts';

const test = suite('print all');

test('given a reader that takes nothing, when much is printed, then no more is asked for than fits; and all of it once it reads', async () => {
  let asked = 0;
  async function* texts(): AsyncGenerator<string> {
    for (; asked < 1000; asked += 1) yield 'x'.repeat(1024);
  }
  const stdout = new PassThrough({ highWaterMark: 8192 });
  const printed = printAll({ stdout }, texts());
  for (let turn = 0; turn < 50; turn += 1) await setImmediate();
  assert.ok(asked > 0 && asked < 50, String(asked));
  let bytes = 0;
  stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
  await printed;
  while (bytes < 1000 * 1024) await setImmediate();
  assert.is(bytes, 1000 * 1024);
});

test.run();
