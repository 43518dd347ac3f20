import assert from 'node:assert/strict';
import type { LogTest } from './log-test.ts';
import { EVENTS, fillHistory, prune, sealed } from './history.ts';
import { take } from './samples.ts';

/** A log that keeps all its events where they are. */
export function noArchiveTests(test: LogTest): void {
  test('given a log without archives, when it is to seal or prune, then nothing moves, and it says so', async (log) => {
    await fillHistory(log);
    assert.equal(log.sealable(EVENTS), 0);
    assert.deepEqual(await sealed(log, EVENTS), []);
    assert.equal(log.prunable(EVENTS), 0);
    await assert.rejects(() => prune(log, 100), { code: 'NOT_SUPPORTED' });
    assert.deepEqual([log.firstSeq, log.sealedSeq, log.durableSeq], [0, -1, EVENTS - 1]);
    assert.equal(await log.boundary(), undefined);
    assert.equal((await take(log.read({ from: 0 }))).length, EVENTS);
  });
}
