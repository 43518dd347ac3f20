import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { linesOf } from './lines.ts';
import { codeOf } from './testing/index.ts';

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

test('given a line without an end, when read, then it is refused before it fills the memory', async () => {
  let given = 0;
  async function* endless(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('short\n');
    for (;;) {
      given += 1;
      yield Buffer.alloc(1000, 'x');
    }
  }
  const lines: string[] = [];
  const reading = async (): Promise<void> => {
    for await (const line of linesOf(endless(), 10_000)) lines.push(line);
  };
  assert.is(await codeOf(reading()), 'REQUEST_INVALID');
  assert.equal([lines, given], [['short'], 11]);
});

test.run();
