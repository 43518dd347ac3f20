import assert from 'node:assert/strict';
import type { LogTest } from './event-log-suite.ts';
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
    assert.deepEqual(await again.verify(), { events: 72, head, damage: [] });
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
