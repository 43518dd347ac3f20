import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Demultiplexer } from './demultiplexer.ts';

const test = suite('demultiplexer');

function frame(stream: number, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(text.length, 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

const BYTES = Buffer.concat([frame(1, 'out'), frame(2, ''), frame(2, 'error'), frame(0, 'in'), frame(1, 'x'.repeat(300))]);

test('given frames cut at any size, when taken apart, then every byte is on its stream', () => {
  for (let size = 1; size <= BYTES.length; size += 1) {
    const demultiplexer = new Demultiplexer();
    const texts = { 1: '', 2: '' };
    for (let at = 0; at < BYTES.length; at += size) {
      for (const { stream, data } of demultiplexer.feed(BYTES.subarray(at, at + size))) texts[stream] += Buffer.from(data).toString();
    }
    assert.equal(texts, { 1: `outin${'x'.repeat(300)}`, 2: 'error' });
  }
});

test('given bytes that are no frame, when fed, then it is an error and not output', () => {
  assert.throws(() => new Demultiplexer().feed(Buffer.from('plain text')), /broken/);
});

test.run();
