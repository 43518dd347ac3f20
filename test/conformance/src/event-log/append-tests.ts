import assert from 'node:assert/strict';
import type { LogTest } from './log-test.ts';
import { request, sample, stream, take } from './samples.ts';

/** Order, places, durability. */
export function appendTests(test: LogTest): void {
  test('given an empty log, when asked, then it has no events, no streams and no keys', async (log) => {
    assert.equal(log.durableSeq, -1);
    assert.equal(log.admittedSeq, -1);
    assert.equal(log.revision('engine'), -1);
    assert.equal(log.findIdempotent('k'), undefined);
    assert.deepEqual(await take(log.read()), []);
    const { events, head, damage } = await log.verify();
    assert.deepEqual({ events, damage }, { events: 0, damage: [] });
    assert.match(head, /^[0-9a-f]{64}$/);
    await log.flushed();
  });

  test('given an append, when it is admitted, then places are given at once and durable comes later', async (log) => {
    const admitted = log.append(request([sample('a', 1), sample('b', 2), sample('a', 3)]));
    assert.deepEqual(
      admitted.events.map(({ seq, stream: of, rev }) => [seq, of, rev]),
      [
        [0, stream('a'), 0],
        [1, stream('b'), 0],
        [2, stream('a'), 1],
      ],
    );
    assert.equal(log.admittedSeq, 2);
    assert.equal(log.durableSeq, -1);
    assert.equal(log.revision(stream('a')), 1);
    await admitted.durable;
    assert.equal(log.durableSeq, 2);
    assert.deepEqual(await take(log.read()), admitted.events);
  });

  test('given an append, when read back, then the envelope holds the stamp, the event and unique sorted ids', async (log) => {
    const fields = { cause: 0, tags: ['name:web'], driver: { kind: 'storage', name: 'vfs' } } as const;
    const req = { method: 'POST', route: '/containers/{id}/start' } as const;
    const stamp = { op: 'o', corr: 'c', t: '17', mono: '4', actor: { scheme: 'system', reason: 'test' }, idem: 'k', req } as const;
    const data = { id: 'ä€😀\u2028"\\', kills: 1e21 };
    const { durable } = log.append({
      stamp,
      events: [{ stream: 'engine', type: 'container.oom', kind: 'observed', data, ...fields }, sample('b')],
    });
    await durable;
    const [first, second] = await take(log.read());
    assert.ok(first && second);
    const { id, boot, inst, ...rest } = first;
    const expected = { v: 1, seq: 0, stream: 'engine', rev: 0, type: 'container.oom', sv: 1, kind: 'observed', ...stamp, ...fields, data };
    assert.deepEqual(rest, expected);
    assert.ok(id < second.id, `${id} < ${second.id}`);
    assert.ok(boot !== '' && inst !== '');
    assert.equal('cause' in second, false);
  });

  test('given events not yet durable, when read, then they are not seen', async (log) => {
    const { durable } = log.append(request([sample('a')]));
    assert.deepEqual(await take(log.read()), []);
    assert.deepEqual(await take(log.readStream(stream('a'))), []);
    await durable;
    assert.equal((await take(log.read())).length, 1);
  });

  test('given many concurrent appenders, when all are acknowledged, then order is gap-free and nothing is missing', async (log) => {
    const appender = async (name: number): Promise<void> => {
      for (let turn = 0; turn < 20; turn++) {
        const { events, durable } = log.append(request([sample(String(name % 5), name), sample('shared', turn)]));
        await durable;
        assert.ok(log.durableSeq >= (events.at(-1)?.seq ?? 0));
      }
    };
    await Promise.all(Array.from({ length: 32 }, (_, name) => appender(name)));
    const events = await take(log.read());
    assert.equal(events.length, 32 * 20 * 2);
    const revisions = new Map<string, number>();
    for (const [index, event] of events.entries()) {
      assert.equal(event.seq, index);
      assert.equal(event.rev, (revisions.get(event.stream) ?? -1) + 1);
      revisions.set(event.stream, event.rev);
    }
    assert.deepEqual((await log.verify()).damage, []);
  });

  test('given an append of no events, when flushed, then the log is as before', async (log) => {
    await log.append(request([])).durable;
    assert.equal(log.admittedSeq, -1);
  });

  test('given a closed log, when appended to, then LOG_CLOSED and nothing is admitted', async (log) => {
    const { durable } = log.append(request([sample('a')]));
    await log.close();
    await durable;
    assert.throws(() => log.append(request([sample('a')])), { code: 'LOG_CLOSED' });
    assert.equal(log.admittedSeq, 0);
    await log.close();
  });
}
