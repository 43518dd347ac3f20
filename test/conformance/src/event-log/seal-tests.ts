import assert from 'node:assert/strict';
import type { SealedRange } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { answersOf, assertAnswers, EVENTS, fillHistory, sealed } from './history.ts';
import { request, sample, take } from './samples.ts';

/** That ranges, in any order, hold each event up to some position once; answers with that position. */
function endOf(ranges: readonly SealedRange[]): number {
  let expected = 0;
  for (const { first, last } of ranges.toSorted((a, b) => a.first - b.first)) {
    assert.equal(first, expected);
    assert.ok(last >= first);
    expected = last + 1;
  }
  return expected;
}

/** Events that move into archives. */
export function sealTests(test: LogTest): void {
  test('given events, when sealed before a position, then what is told follows on and reaches as far as was promised', async (log) => {
    await fillHistory(log);
    assert.equal(log.sealedSeq, -1);
    for (const before of [200, 200, 550, 300]) {
      const promised = log.sealable(before);
      const was: number = log.sealedSeq;
      assert.ok(promised <= Math.max(before, was + 1), `${promised} was promised of ${before}`);
      const ranges = await sealed(log, before);
      assert.equal(ranges[0]?.first ?? was + 1, was + 1);
      assert.equal(log.sealedSeq, ranges.at(-1)?.last ?? was);
      assert.equal(log.sealedSeq + 1, promised);
      assert.equal(log.sealable(before), promised);
    }
    assert.ok(log.sealedSeq > 200, 'only some of the last may stay');
    assert.equal(log.firstSeq, 0);
  });

  test('given sealed events, when read in any way, also after reopening, then every answer is as before', async (log, reopen) => {
    await fillHistory(log);
    const before = await answersOf(log, 0);
    const { head } = await log.verify();
    await sealed(log, 500);
    const { sealedSeq } = log;
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.equal(current.sealedSeq, sealedSeq);
      await assertAnswers(current, 0, before);
      assert.deepEqual(await current.verify(), { from: 0, events: EVENTS, head, damage: [] });
    }
  });

  test('given events that are sealed, when sealed again, or on from where somebody left, then none moves twice', async (log, reopen) => {
    await fillHistory(log);
    const ranges = await sealed(log, 200);
    assert.deepEqual(await sealed(log, 200), []);
    assert.deepEqual(await sealed(log, 100), []);
    for await (const range of log.seal(400)) {
      ranges.push(range);
      break;
    }
    assert.equal(endOf(ranges), log.sealedSeq + 1);
    const again = await reopen();
    ranges.push(...(await sealed(again, 400)), ...(await sealed(again, 550)));
    assert.equal(endOf(ranges), again.sealedSeq + 1);
    assert.deepEqual((await again.verify()).damage, []);
  });

  test('given several who seal at once, when all are done, then each event was moved once', async (log) => {
    await fillHistory(log);
    const promised = log.sealable(500);
    const ranges = (await Promise.all([150, 300, 500].map((before) => sealed(log, before)))).flat();
    assert.equal(endOf(ranges), promised);
    assert.equal((await take(log.read())).length, EVENTS);
  });

  test('given a follower from the beginning, when events are appended and sealed before its eyes, then it gets each once', async (log) => {
    await fillHistory(log);
    const cursor = log.follow({ from: 0 })[Symbol.asyncIterator]();
    let expected = 0;
    const follow = async (count: number): Promise<void> => {
      for (const end = expected + count; expected < end; expected += 1) assert.equal((await cursor.next()).value?.seq, expected);
    };
    await follow(3);
    const sealing = sealed(log, 550);
    for (let index = 0; index < 40; index += 1) await log.append(request([sample('a', index)])).durable;
    await follow(200);
    await sealing;
    await follow(EVENTS + 40 - 203);
    await cursor.return?.();
  });

  test('given a position beyond the end, or none, when sealed, then what is durable moves at the most, or REQUEST_INVALID', async (log) => {
    await fillHistory(log);
    const { durable } = log.append(request(Array.from({ length: 50 }, (_, index) => sample('a', index))));
    const sealing = sealed(log, 100_000);
    await durable;
    await sealing;
    assert.ok(log.sealedSeq < EVENTS, `${log.sealedSeq} was not durable`);
    for (const before of [-1, 1.5, Number.NaN]) {
      await assert.rejects(() => sealed(log, before), { code: 'REQUEST_INVALID' });
      assert.throws(() => log.sealable(before), { code: 'REQUEST_INVALID' });
    }
  });
}
