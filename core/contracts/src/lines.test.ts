import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf } from './lines.ts';

const test = suite('lines');

async function* cut(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

async function read(chunks: AsyncIterable<Uint8Array>): Promise<readonly string[]> {
  const lines: string[] = [];
  for await (const line of linesOf(chunks)) lines.push(line);
  return lines;
}

for (const size of [1, 2, 3, 7, 1000]) {
  test(`given texts in pieces of ${size} bytes, when read, then LF alone ends a line, wherever the pieces end`, async () => {
    assert.equal(await read(cut('{"a":"\u2028 \u2029\r\u0085ü€😀"}\n\nlast', size)), ['{"a":"\u2028 \u2029\r\u0085ü€😀"}', '', 'last']);
    assert.equal(await read(cut('one\ntwo\n', size)), ['one', 'two']);
    assert.equal(await read(cut('', size)), []);
  });
}

test.run();
