import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { Rest } from './rest.ts';

const test = suite('an engine at rest');

const BUSY = { active: 400, utilization: 0.08 };
const QUIET = { active: 3, utilization: 0.0006 };

test('given an engine that worked, when it has little to do, then it rests, once', () => {
  const rest = new Rest();
  assert.equal(
    [BUSY, BUSY, QUIET, QUIET, QUIET].map((passed) => rest.begins(passed)),
    [false, false, true, false, false],
  );
  assert.equal(
    [BUSY, QUIET].map((passed) => rest.begins(passed)),
    [false, true],
  );
});

test('given an engine that never did much, when it has little to do for long, then it rests when that has come to something', () => {
  const rest = new Rest();
  const passed = Array.from({ length: 70 }, () => rest.begins(QUIET));
  // 100 ms of work, 3 at a time.
  assert.equal(
    [...passed.keys()].filter((index) => passed[index]),
    [33, 67],
  );
});

test.run();
