import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { IoChannel, OutputChunk } from '@shiplog/contracts';
import { behind } from './recorded-channel.ts';

const test = suite('channel that passes nothing before it is recorded');

/** A channel of a process that has printed a line, and all that was done with it. */
function aChannel() {
  const done: string[] = [];
  async function* output(): AsyncGenerator<OutputChunk> {
    yield { stream: 1, data: Buffer.from('line') };
  }
  const channel: IoChannel = {
    output: output(),
    async write(data) {
      done.push(`write ${Buffer.from(data).toString()}`);
    },
    endInput: () => void done.push('endInput'),
    close: () => void done.push('close'),
  };
  return { channel, done };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('given a record that is not durable yet, when both sides have bytes, then they pass once it is, in order', async () => {
  const { channel, done } = aChannel();
  const recorded = Promise.withResolvers<void>();
  const guarded = behind(channel, recorded.promise);
  const read = (async () => {
    for await (const { data } of guarded.output) done.push(`read ${Buffer.from(data).toString()}`);
  })();
  const written = guarded.write(Buffer.from('a')).then(() => guarded.endInput());
  await turn();
  assert.equal(done, []);
  recorded.resolve();
  await Promise.all([read, written]);
  await turn();
  assert.equal(done.toSorted(), ['endInput', 'read line', 'write a']);
  assert.ok(done.indexOf('write a') < done.indexOf('endInput'));
});

test('given a record that cannot be written, when both sides have bytes, then neither gets any, and both are told', async () => {
  const { channel, done } = aChannel();
  const guarded = behind(channel, Promise.reject(new Error('disk full')));
  const failures = await Promise.allSettled([guarded.write(Buffer.from('a')), guarded.output[Symbol.asyncIterator]().next()]);
  assert.equal(
    failures.map(({ status }) => status),
    ['rejected', 'rejected'],
  );
  guarded.endInput();
  await turn();
  assert.equal(done, ['close']);
});

test('given a client that leaves before the record is durable, when it does, then the channel is closed at once', async () => {
  const { channel, done } = aChannel();
  behind(channel, new Promise(() => undefined)).close();
  assert.equal(done, ['close']);
});

test.run();
