import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { goDuration } from './go-duration.ts';

const test = suite('durations as Go prints them');

test('given milliseconds, when they are printed, then the largest units come first and fractions stay', () => {
  const printed: readonly (readonly [number, string])[] = [
    [1, '1ms'],
    [250, '250ms'],
    [1.5, '1.5ms'],
    [1500, '1.5s'],
    [30_000, '30s'],
    [60_000, '1m0s'],
    [90_250, '1m30.25s'],
    [3_600_000, '1h0m0s'],
    [7_325_000, '2h2m5s'],
  ];
  for (const [ms, text] of printed) assert.is(goDuration(ms), text);
});

test.run();
