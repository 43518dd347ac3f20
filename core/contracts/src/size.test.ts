import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { sizeBytes } from './size.ts';

const test = suite('sizes');

test('given a size as people write it, when read, then it is bytes, in powers of 1024', () => {
  const sizes = ['0', '1024', '512b', '10m', '10M', '64MiB', '64MB', '1.5g', '2 T', ' 3k '].map(sizeBytes);
  assert.equal(sizes, [0, 1024, 512, 10 << 20, 10 << 20, 64 << 20, 64 << 20, 1.5 * 2 ** 30, 2 ** 41, 3072]);
});

test('given what is no size, or more than can be counted, when read, then it is none', () => {
  for (const text of ['', 'm', '-1', '1e3', '10x', '1,5g', '10mm', '9000000p']) assert.is(sizeBytes(text), undefined, text);
});

test.run();
