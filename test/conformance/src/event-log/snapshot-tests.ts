import assert from 'node:assert/strict';
import type { LogTest } from './log-test.ts';
import { request, sample } from './samples.ts';

/** Derived values at positions. */
export function snapshotTests(test: LogTest): void {
  test('given snapshots of two kinds, when the nearest is asked for, then it is the newest of its kind at or before', async (log) => {
    await log.append(request(Array.from({ length: 50 }, (_, index) => sample('a', index)))).durable;
    const { snapshots } = log;
    assert.equal(await snapshots.nearest('state-1', 49), undefined);
    assert.deepEqual(await snapshots.positions('state-1'), []);
    for (const seq of [30, 10, 20]) await snapshots.put('state-1', { seq, bytes: Buffer.from(`at ${seq}`) });
    await snapshots.put('state-10', { seq: 25, bytes: new Uint8Array(100_000).fill(7) });
    await snapshots.put('state-1', { seq: 20, bytes: Buffer.from('again') });
    const nearest = async (kind: string, seq: number): Promise<string | undefined> => {
      const found = await snapshots.nearest(kind, seq);
      return found && `${found.seq} ${Buffer.from(found.bytes.subarray(0, 5)).toString('latin1')}`;
    };
    assert.deepEqual(await Promise.all([-1, 9, 10, 19, 20, 29, 30, 1000].map((seq) => nearest('state-1', seq))), [
      undefined,
      undefined,
      '10 at 10',
      '10 at 10',
      '20 again',
      '20 again',
      '30 at 30',
      '30 at 30',
    ]);
    assert.equal((await snapshots.nearest('state-10', 49))?.bytes.length, 100_000);
    assert.equal(await snapshots.nearest('state-10', 24), undefined);
    assert.deepEqual(await snapshots.positions('state-1'), [10, 20, 30]);
    await snapshots.remove('state-1', [20, 30, 40]);
    assert.deepEqual(await snapshots.positions('state-1'), [10]);
    assert.equal(await nearest('state-1', 49), '10 at 10');
  });

  test('given a snapshot with parts, when some are asked for, then these are the answer, until another takes its place or it is removed', async (log) => {
    await log.append(request(Array.from({ length: 20 }, (_, index) => sample('a', index)))).durable;
    const { snapshots } = log;
    const texts = (...parts: readonly string[]): Buffer[] => parts.map((part) => Buffer.from(part));
    const read = async (seq: number, numbers: readonly number[]): Promise<readonly string[] | undefined> =>
      (await snapshots.parts('state-1', seq, numbers))?.map((part) => Buffer.from(part).toString());
    await snapshots.put('state-1', { seq: 5, bytes: Buffer.from('five') }, texts('a', '', 'c'));
    await snapshots.put('state-1', { seq: 6, bytes: Buffer.from('six') }, texts('d'));
    assert.equal(Buffer.from((await snapshots.nearest('state-1', 5))?.bytes ?? []).toString(), 'five');
    assert.deepEqual(await read(5, [2, 0]), ['c', 'a']);
    assert.deepEqual(await read(5, [1]), ['']);
    assert.deepEqual(await read(5, []), []);
    for (const [seq, number] of [
      [5, 3],
      [6, 1],
      [7, 0],
    ] as const)
      assert.equal(await read(seq, [number]), undefined);
    assert.equal(await snapshots.parts('state-10', 5, [0]), undefined);
    await snapshots.put('state-1', { seq: 5, bytes: Buffer.from('again') }, texts('e'));
    assert.deepEqual(await read(5, [0]), ['e']);
    assert.equal(await read(5, [2]), undefined);
    assert.deepEqual(await snapshots.positions('state-1'), [5, 6]);
    await snapshots.remove('state-1', [5]);
    assert.equal(await read(5, [0]), undefined);
    assert.deepEqual(await read(6, [0]), ['d']);
  });

  test('given a position that is not durable, when a snapshot of it is kept, then LOG_POSITION_UNKNOWN', async (log) => {
    const { durable } = log.append(request([sample('a')]));
    const put = (seq: number): Promise<void> => log.snapshots.put('state', { seq, bytes: new Uint8Array(1) });
    await assert.rejects(put(0), { code: 'LOG_POSITION_UNKNOWN' });
    await assert.rejects(put(-1), { code: 'LOG_POSITION_UNKNOWN' });
    await durable;
    await put(0);
    await assert.rejects(put(1), { code: 'LOG_POSITION_UNKNOWN' });
    assert.deepEqual(await log.snapshots.positions('state'), [0]);
  });
}
