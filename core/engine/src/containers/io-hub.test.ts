import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IoChannel, OutputChunk } from '@shiplog/contracts';
import { IoHub } from './io-hub.ts';

const test = suite('stdio of processes to come');
const TARGET = { id: 'web' };

/** A hub over a runtime that counts whom it serves: the first prints 1, the next 2. */
function hub(): IoHub {
  let served = 0;
  return new IoHub(async () => {
    const data = Buffer.from(String((served += 1)));
    async function* output(): AsyncGenerator<OutputChunk> {
      yield { stream: 1, data };
    }
    return { output: output(), write: async () => undefined, endInput: () => undefined, close: () => undefined };
  });
}

async function textOf({ output }: IoChannel): Promise<string> {
  let text = '';
  for await (const { data } of output) text += Buffer.from(data).toString();
  return text;
}

test('given several who wait for a process, when it comes, then the newest are served first, and who left is not', async () => {
  const io = hub();
  const [older, left, newer] = [io.await('web'), io.await('web'), io.await('web')];
  left.close();
  await io.connect('oci', TARGET);
  assert.equal(await Promise.all([older, left, newer].map(textOf)), ['2', '', '1']);
});

test('given somebody who waits for a process that will not come, when it is forgotten, then the output ends; and the next who wait are served alone', async () => {
  const io = hub();
  const first = io.await('web');
  io.forget('web');
  assert.is(await textOf(first), '');
  const second = io.await('web');
  await io.connect('oci', TARGET);
  assert.is(await textOf(second), '1');
});

test('given some who wait for a process that goes as they come to it, when that fails, then none of them waits any more', async () => {
  let served = 0;
  const io = new IoHub(async () => {
    served += 1;
    if (served > 1) throw new Error('gone');
    return { output: (async function* () {})(), write: async () => undefined, endInput: () => undefined, close: () => undefined };
  });
  const all = [io.await('web'), io.await('web'), io.await('web')];
  const error: unknown = await io.connect('oci', TARGET).catch((thrown: unknown) => thrown);
  assert.match(String(error), 'gone');
  assert.equal(await Promise.all(all.map(textOf)), ['', '', '']);
});

test.run();
