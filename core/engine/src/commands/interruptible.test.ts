import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { interruptible } from './interruptible.ts';

const test = suite('streams that end with their caller');

/** What a connection brings that breaks when its client hangs up. */
async function* cutOff(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('half');
  throw Object.assign(new Error('aborted'), { code: 'ECONNRESET' });
}

test('given a caller who goes away while nobody reads, when more is asked for, then it was canceled, however the source broke', async () => {
  const gone = new AbortController();
  const stream = interruptible(cutOff(), gone.signal);
  assert.equal((await stream.next()).value, Buffer.from('half'));
  gone.abort();
  const error = await stream.next().catch((thrown: unknown) => thrown);
  assert.is(error instanceof ShiplogError && error.code, 'CANCELED', String(error));
});

test('given a source that breaks while its caller is there, when it is read, then its own error comes', async () => {
  const stream = interruptible(cutOff(), new AbortController().signal);
  await stream.next();
  const error = await stream.next().catch((thrown: unknown) => thrown);
  assert.is((error as { readonly code?: string }).code, 'ECONNRESET');
});

test.run();
