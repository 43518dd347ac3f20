import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { merged, type Results, sumUp } from './results.ts';

const test = suite('results of kits');

const results = (kernel: string, ...reports: Parameters<typeof sumUp>[0]): Results => ({ machine: { kernel }, ...sumUp(reports) });

test('given results of all kits and a later run of one, when they are merged, then its rows take the place of the earlier ones, and all else stays', () => {
  const earlier = results(
    'Linux 1',
    { driver: 'runtime/mine', suite: 'runtime', check: 'a' },
    { driver: 'storage/mine', suite: 'storage', check: 'b', failure: 'no' },
    { kit: 'runtime', check: 'a', does: 'lies', caught: false },
    { kit: 'storage', check: 'b', does: 'lies', caught: true },
  );
  const later = results(
    'Linux 2',
    { driver: 'runtime/mine', suite: 'runtime', check: 'a', failure: 'no' },
    { driver: 'runtime/mine', suite: 'crash', check: 'c' },
    { kit: 'runtime', check: 'a', does: 'lies', caught: true },
  );
  assert.equal(merged(earlier, later), {
    machine: { kernel: 'Linux 1' },
    rows: [
      { driver: 'runtime/mine', suite: 'crash', passed: 1, failed: [] },
      { driver: 'runtime/mine', suite: 'runtime', passed: 0, failed: [{ check: 'a', failure: 'no' }] },
      { driver: 'storage/mine', suite: 'storage', passed: 0, failed: [{ check: 'b', failure: 'no' }] },
    ],
    wrong: [
      { kit: 'runtime', check: 'a', does: 'lies', caught: true },
      { kit: 'storage', check: 'b', does: 'lies', caught: true },
    ],
  });
});

test.run();
