import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IoChannel, OutputChunk } from '@shiplog/contracts';
import { FirstBytes } from './first-bytes.ts';

const test = suite('the first bytes of output');

function channel(output: AsyncIterable<OutputChunk>): IoChannel {
  return { output, write: async () => undefined, endInput: () => undefined, close: () => undefined };
}

test('given more output than is kept, when it was read, then its beginning is there, three dots say so, and all was taken', async () => {
  let taken = 0;
  const printed = new FirstBytes(10);
  await printed.read(
    channel(
      (async function* () {
        for (const text of ['abc', 'defghij', 'k', 'lmn']) {
          taken += 1;
          yield { stream: taken % 2 === 0 ? (2 as const) : (1 as const), data: Buffer.from(text) };
        }
      })(),
    ),
  );
  assert.is(printed.text, 'abcdefghij...');
  assert.is(taken, 4);
});

test('given exactly as much as is kept, or a channel that breaks, when it is read, then what came is there', async () => {
  const whole = new FirstBytes(3);
  const broken = async function* (): AsyncGenerator<OutputChunk> {
    yield { stream: 1, data: Buffer.from('abc') };
    throw new Error('gone');
  };
  await whole.read(channel(broken()));
  assert.is(whole.text, 'abc');
  const none = new FirstBytes(3);
  await none.read(undefined);
  assert.is(none.text, '');
});

test.run();
