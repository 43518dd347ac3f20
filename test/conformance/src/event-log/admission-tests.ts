import assert from 'node:assert/strict';
import type { ExpectedRevision } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { request, sample, stamp, stream, take } from './samples.ts';

/** Expected revisions, conditions, idempotency, all or nothing. */
export function admissionTests(test: LogTest): void {
  const cases: readonly [ExpectedRevision, empty: boolean, two: boolean][] = [
    ['any', true, true],
    ['no-stream', true, false],
    ['stream-exists', false, true],
    [-1, true, false],
    [0, false, false],
    [1, false, true],
    [2, false, false],
  ];
  for (const [expected, empty, two] of cases) {
    test(`given a stream without events and one with two, when ${expected} is expected, then ${empty} and ${two}`, async (log) => {
      const expecting = (name: string): boolean => {
        try {
          log.append(request([sample('other')], { expected: { [stream(name)]: expected } }));
          return true;
        } catch (error) {
          assert.equal((error as { code?: string }).code, 'LOG_CONFLICT');
          return false;
        }
      };
      log.append(request([sample('two'), sample('two')]));
      assert.deepEqual([expecting('empty'), expecting('two')], [empty, two]);
      await log.flushed();
    });
  }

  test('given one wrong expectation of several streams, when appended, then nothing of it is admitted', async (log) => {
    log.append(request([sample('a', 1, ['name:web'])]));
    const expected = { [stream('a')]: 0, [stream('b')]: 'stream-exists' } as const;
    const wrong = request([sample('a', 2, ['name:db']), sample('b', 2)], { expected, stamp: stamp('op-2', 'key') });
    assert.throws(() => log.append(wrong), { code: 'LOG_CONFLICT' });
    assert.equal(log.admittedSeq, 0);
    assert.equal(log.revision(stream('a')), 0);
    assert.equal(log.revision(stream('b')), -1);
    assert.equal(log.findIdempotent('key'), undefined);
    log.append(request([sample('c')], { conditions: [{ tags: ['name:db'], after: -1 }] }));
    await log.flushed();
    assert.equal((await take(log.read())).length, 2);
  });

  test('given a tag, when a condition was seen before it, then LOG_CONDITION_FAILED; when seen after it, then admitted', async (log) => {
    log.append(request([sample('a'), sample('a', 1, ['name:web', 'port:tcp:80'])]));
    const asking = (after: number, ...tags: string[]): unknown => log.append(request([sample('b')], { conditions: [{ tags, after }] }));
    assert.throws(() => asking(-1, 'name:web'), { code: 'LOG_CONDITION_FAILED' });
    assert.throws(() => asking(0, 'other', 'port:tcp:80'), { code: 'LOG_CONDITION_FAILED' });
    assert.equal(log.admittedSeq, 1);
    asking(1, 'name:web', 'port:tcp:80');
    asking(-1, 'name:we');
    await log.flushed();
    assert.equal(log.durableSeq, 3);
  });

  test('given an idempotency key, when its operation goes on, then admitted; when another brings it, then LOG_CONFLICT', async (log) => {
    log.append(request([sample('z')]));
    log.append(request([sample('a'), sample('a')], { stamp: stamp('op-1', 'key') }));
    log.append(request([sample('a')], { stamp: stamp('op-1', 'key') }));
    assert.throws(() => log.append(request([sample('a')], { stamp: stamp('op-2', 'key') })), { code: 'LOG_CONFLICT' });
    assert.equal(log.findIdempotent('key'), 1);
    await log.flushed();
    assert.equal(log.durableSeq, 3);
  });

  test('given data that JSON cannot hold, when appended, then it is refused and nothing is admitted', async (log) => {
    assert.throws(() => log.append(request([sample('a'), sample('a', Number.NaN)])), { code: 'INTERNAL' });
    assert.equal(log.admittedSeq, -1);
    assert.equal(log.revision(stream('a')), -1);
    await log.append(request([sample('a')])).durable;
    assert.equal((await take(log.read())).length, 1);
  });
}
