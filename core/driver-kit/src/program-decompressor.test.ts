import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type FilterCall, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import { programDecompressor } from './program-decompressor.ts';
import { createRecordingKernel } from './testing/recording-kernel.ts';

const test = suite('program decompressor');

async function* bytes(): AsyncGenerator<Uint8Array> {
  yield Buffer.from('packed');
}

async function textOf(source: AsyncIterable<Uint8Array>): Promise<string> {
  let text = '';
  for await (const chunk of source) text += Buffer.from(chunk).toString();
  return text;
}

test('given xz or bzip2, when it is decompressed, then its program reads it, with little memory and no privilege', async () => {
  for (const [compression, options] of [
    ['xz', ['--threads=1', '--memlimit-decompress=256MiB']],
    ['bzip2', []],
  ] as const) {
    const kernel = createRecordingKernel();
    // The double passes on what it is given.
    assert.is(await textOf(programDecompressor(kernel)(compression, bytes())), 'packed');
    const [call] = kernel.calls.flatMap(({ call: name, args }) => (name === 'processes.filter' ? [args[0] as FilterCall] : []));
    const command = [call?.program, ...(call?.args ?? [])];
    const at = command.indexOf(`/usr/bin/${compression}`);
    assert.equal(command.slice(at), [`/usr/bin/${compression}`, '--decompress', '--stdout', ...options]);
    assert.is(command.includes('--no-new-privs'), process.geteuid?.() === 0);
    assert.equal(call?.env, { LC_ALL: 'C' });
  }
});

test('given a program that fails, when it decompresses, then the archive is at fault, and other errors are as they were', async () => {
  const kernel = createRecordingKernel();
  const facts = { call: 'filter', code: 1, stderr: 'xz: (stdin): Unexpected end of input' };
  kernel.failNext('processes.filter', new ShiplogError('KERNEL_CALL_FAILED', 'it ended with 1', facts));
  const failed = await textOf(programDecompressor(kernel)('xz', bytes())).catch((error: unknown) => error);
  assert.ok(failed instanceof ShiplogError);
  assert.equal([failed.code, failed.message], ['ARCHIVE_INVALID', `the xz data could not be decompressed: ${facts.stderr}`]);
  for (const code of ['CANCELED', 'KERNEL_CALL_FAILED'] as const) {
    kernel.failNext('processes.filter', new ShiplogError(code, 'as it is'));
    assert.is(await codeOf(textOf(programDecompressor(kernel)('bzip2', bytes()))), code);
  }
});

test.run();
