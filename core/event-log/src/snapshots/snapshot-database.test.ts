import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ENCODING, segmentKey } from '../stored/database.ts';
import { openEventLog } from '../event-log.ts';
import { IDENTITY, samples } from '../samples.test.util.ts';

const test = suite('snapshots in a database');

const KIND = 'state-1';

test('given a snapshot with any byte flipped or cut, when the nearest is asked for, then the one before it is the answer', async () => {
  const snapshots = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel(), snapshots });
  await log.append(samples(0, 20)).durable;
  await log.snapshots.put(KIND, { seq: 5, bytes: Buffer.from('five') });
  await log.snapshots.put(KIND, { seq: 10, bytes: Buffer.from('ten') });
  const key = `${KIND}/0000000000000010`;
  const good = Buffer.from((await snapshots.get<string, Buffer>(key, ENCODING)) ?? '');
  for (let at = 0; at < good.length; at++) {
    const flipped = Buffer.from(good);
    flipped[at] = (flipped[at] ?? 0) ^ 0x04;
    for (const bad of [flipped, good.subarray(0, at)]) {
      await snapshots.put<string, Buffer>(key, bad, ENCODING);
      const found = await log.snapshots.nearest(KIND, 19);
      assert.equal([found?.seq, Buffer.from(found?.bytes ?? []).toString()], [5, 'five'], `byte ${at}`);
    }
  }
  await log.close();
});

test('given a snapshot with parts, when one has any byte flipped or cut or is of another history, then it is not the answer; and removed, nothing is left', async () => {
  const snapshots = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel(), snapshots });
  await log.append(samples(0, 20)).durable;
  const parts = [Buffer.from('first'), Buffer.from('second')];
  for (const seq of [5, 6]) await log.snapshots.put(KIND, { seq, bytes: Buffer.from('head') }, parts);
  const key = `parts:${KIND}/0000000000000005/0000000000000001`;
  const good = Buffer.from((await snapshots.get<string, Buffer>(key, ENCODING)) ?? '');
  const other = Buffer.from((await snapshots.get<string, Buffer>(key.replace('5/', '6/'), ENCODING)) ?? '');
  const flipped = Array.from({ length: good.length }, (_, at) => Buffer.from(good).fill((good[at] ?? 0) ^ 0x04, at, at + 1));
  for (const bad of [...flipped, good.subarray(0, -1), other]) {
    await snapshots.put<string, Buffer>(key, bad, ENCODING);
    assert.is(await log.snapshots.parts(KIND, 5, [0, 1]), undefined);
    assert.equal(
      (await log.snapshots.parts(KIND, 5, [0]))?.map((part) => Buffer.from(part).toString()),
      ['first'],
    );
  }
  await log.snapshots.remove(KIND, [5, 6]);
  assert.equal(await snapshots.keys({ gte: KIND }).all(), []);
  assert.equal(await snapshots.keys({ gte: 'parts:', lt: 'parts;' }).all(), []);
  await log.close();
});

test('given snapshots of another history, when opened beside this one, then they are not used', async () => {
  const snapshots = new MemoryLevel();
  const other = await openEventLog({ ...IDENTITY, db: new MemoryLevel(), snapshots });
  await other.append(samples(3, 20)).durable;
  for (const seq of [5, 16]) await other.snapshots.put(KIND, { seq, bytes: Buffer.from('other') });
  await other.close();
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel(), snapshots });
  await log.append(samples(0, 10)).durable;
  assert.is(await log.snapshots.nearest(KIND, 100), undefined);
  await log.snapshots.put(KIND, { seq: 4, bytes: Buffer.from('own') });
  assert.is((await log.snapshots.nearest(KIND, 100))?.seq, 4);
  assert.equal(await log.snapshots.positions(KIND), [4, 5, 16]);
  await log.close();
});

test('given a log found whole, when verified incrementally after reopening, then nothing is read twice, and damage before it only in full', async () => {
  const [db, snapshots] = [new MemoryLevel(), new MemoryLevel()];
  const open = () => openEventLog({ ...IDENTITY, db, snapshots });
  const log = await open();
  await log.append(samples(0, 100)).durable;
  assert.equal([(await log.verify()).from, (await log.verify({ incremental: true })).from], [0, 100]);
  await log.append(samples(100, 110)).durable;
  await log.close();
  const again = await open();
  const { from, events, damage } = await again.verify({ incremental: true });
  assert.equal({ from, events, damage }, { from: 100, events: 10, damage: [] });
  await db.del(segmentKey(32));
  assert.equal((await again.verify({ incremental: true })).damage, []);
  const full = await again.verify();
  assert.equal([full.from, full.damage[0]?.from, full.damage[0]?.to], [0, 32, 63]);
  // What was found damaged is not called whole afterwards.
  assert.is((await again.verify({ incremental: true })).damage.length, 1);
  await again.close();
});

test.run();
