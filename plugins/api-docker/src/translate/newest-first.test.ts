import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { newestFirst } from './newest-first.ts';

const test = suite('newest first');

test('given images as they came, when they are listed, then by when they were made, and in one moment the last first', () => {
  const images = [
    { id: 'no time', created: '' },
    { id: 'old', created: '2020-01-01T00:00:00Z' },
    { id: 'parent', created: '2026-01-01T00:00:00.5Z' },
    { id: 'child', created: '2026-01-01T00:00:00.5Z' },
    { id: 'loaded', created: '2021-01-01T00:00:00Z' },
    { id: 'none either', created: 'never' },
  ];
  assert.equal(
    newestFirst(images).map(({ id }) => id),
    ['child', 'parent', 'loaded', 'old', 'none either', 'no time'],
  );
});

test.run();
