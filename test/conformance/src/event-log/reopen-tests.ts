import assert from 'node:assert/strict';
import type { LogTest } from './log-test.ts';
import { request, sample, stamp, stream, take } from './samples.ts';

/** What a log knows after it was closed and opened again. */
export function reopenTests(test: LogTest): void {
  test('given a log, when opened again, then it is the same in every answer', async (log, reopen) => {
    log.append(request([sample('a', 1, ['name:web']), sample('b')], { stamp: stamp('op-1', 'key') }));
    for (let index = 0; index < 70; index++) log.append(request([sample('c', index)]));
    await log.flushed();
    const before = await take(log.read());
    const { head } = await log.verify();

    const again = await reopen();
    assert.deepEqual(await take(again.read()), before);
    assert.deepEqual(await again.verify(), { from: 0, events: 72, head, damage: [] });
    assert.equal(again.durableSeq, 71);
    assert.equal(again.admittedSeq, 71);
    assert.deepEqual(
      ['a', 'b', 'c', 'd'].map((name) => again.revision(stream(name))),
      [0, 0, 69, -1],
    );
    assert.equal(again.findIdempotent('key'), 0);
    assert.throws(() => again.append(request([sample('d')], { conditions: [{ tags: ['name:web'], after: -1 }] })), {
      code: 'LOG_CONDITION_FAILED',
    });
    assert.throws(() => again.append(request([sample('d')], { stamp: stamp('op-2', 'key') })), { code: 'LOG_CONFLICT' });
    assert.equal((await take(again.readStream(stream('c'), 60))).length, 10);
  });

  test('given a log found whole, when verified incrementally, also after reopening, then only what came since is read', async (log, reopen) => {
    await log.append(request(Array.from({ length: 40 }, (_, index) => sample('a', index)))).durable;
    const told: [number, number][] = [];
    const first = await log.verify({ incremental: true, progress: (checked, total) => void told.push([checked, total]) });
    assert.deepEqual([first.from, first.events, first.damage], [0, 40, []]);
    assert.deepEqual(told.at(-1), [40, 40]);
    const nothing = await log.verify({ incremental: true });
    assert.deepEqual([nothing.from + nothing.events, nothing.head], [40, first.head]);
    await log.append(request([sample('b'), sample('a')])).durable;
    const again = await reopen();
    const since = await again.verify({ incremental: true });
    // A log whose snapshots end with the process begins again.
    assert.ok(since.from === 40 || since.from === 0);
    assert.deepEqual([since.from + since.events, since.damage], [42, []]);
    assert.deepEqual(await again.verify(), { from: 0, events: 42, head: since.head, damage: [] });
  });

  test('given a log opened many times, when appended to each time, then it goes on where it was', async (log, reopen) => {
    let current = log;
    for (let round = 0; round < 5; round++) {
      const { events, durable } = current.append(request([sample('a', round), sample('b', round)]));
      assert.deepEqual(
        events.map(({ seq, rev }) => [seq, rev]),
        [
          [round * 2, round],
          [round * 2 + 1, round],
        ],
      );
      await durable;
      current = await reopen();
    }
    assert.equal((await take(current.read())).length, 10);
    assert.deepEqual((await current.verify()).damage, []);
  });
}
