import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventLog } from '@shiplog/contracts';
import { ENCODING, HEAD_KEY, segmentKey } from './stored/database.ts';
import { openEventLog } from './event-log.ts';
import { FORMAT_VERSION, sealFrame } from './stored/frame.ts';
import { all, counter, errorOf, IDENTITY, samples } from './samples.test.util.ts';
import { verifyEventLog } from './check/verify.ts';

/** Segments of the log under test, by first and last position. */
const SEGMENTS = [
  [0, 4],
  [5, 36],
  [37, 44],
  [45, 45],
] as const;

interface Context {
  db: MemoryLevel;
}

const test = suite<Context>('a log with damaged values');

test.before.each(async (context) => {
  context.db = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db: context.db, newId: counter() });
  await log.append(samples(0, 5)).durable;
  await log.append(samples(5, 45)).durable;
  await log.append(samples(45, 46)).durable;
  await log.close();
});

async function value(db: MemoryLevel, key: string): Promise<Buffer> {
  await db.open();
  return Buffer.from((await db.get<string, Buffer>(key, ENCODING)) ?? '');
}

async function change(db: MemoryLevel, key: string, bytes: Buffer): Promise<void> {
  await db.open();
  await db.put<string, Buffer>(key, bytes, ENCODING);
}

/** Opening refuses and names the range; verify reports it. */
async function expectRange(db: MemoryLevel, from: number, to: number, what: string): Promise<void> {
  const error = await errorOf(() => openEventLog({ ...IDENTITY, db }));
  assert.is(error?.code, 'LOG_CORRUPT', what);
  const facts = error?.facts as { from: number; to: number };
  assert.equal([facts.from, facts.to], [from, to], what);
  await db.open();
  const { damage } = await verifyEventLog(db);
  assert.ok(
    damage.some((range) => range.from === from && range.to === to && range.reason !== ''),
    `${what}: ${JSON.stringify(damage)}`,
  );
}

test('given any one byte flipped in any segment, when opened or verified, then exactly its range is named', async ({ db }) => {
  for (const [first, last] of SEGMENTS) {
    const good = await value(db, segmentKey(first));
    const step = Math.max(1, Math.floor(good.length / 150));
    for (let at = 0; at < good.length; at += at < 64 ? 1 : step) {
      const bad = Buffer.from(good);
      bad[at] = (bad[at] ?? 0) ^ (1 << (at % 8));
      await change(db, segmentKey(first), bad);
      await expectRange(db, first, last, `byte ${at} of segment ${first}`);
    }
    await change(db, segmentKey(first), good);
  }
});

test('given bytes zeroed or cut off in any segment, when opened or verified, then exactly its range is named', async ({ db }) => {
  for (const [first, last] of SEGMENTS) {
    const good = await value(db, segmentKey(first));
    const zeroed = Buffer.from(good).fill(0, Math.floor(good.length / 2), Math.floor(good.length / 2) + 20);
    for (const bad of [
      zeroed,
      Buffer.alloc(good.length),
      Buffer.alloc(0),
      ...[1, 4, 5, 40, 60, good.length - 1].map((cut) => good.subarray(0, cut)),
    ]) {
      await change(db, segmentKey(first), bad);
      await expectRange(db, first, last, `segment ${first} as ${bad.length} bytes`);
    }
    await change(db, segmentKey(first), good);
  }
});

test('given any segment deleted, when opened or verified, then the missing range is named', async ({ db }) => {
  for (const [first, last] of SEGMENTS) {
    const good = await value(db, segmentKey(first));
    await db.del(segmentKey(first));
    await expectRange(db, first, last, `segment ${first} deleted`);
    await change(db, segmentKey(first), good);
  }
});

test('given two segments swapped, when opened, then refused', async ({ db }) => {
  const [a, b] = [await value(db, segmentKey(5)), await value(db, segmentKey(37))];
  await change(db, segmentKey(5), b);
  await change(db, segmentKey(37), a);
  await expectRange(db, 5, 36, 'swapped');
});

test('given an event changed with a new checksum, when opened or verified, then the hash link tells', async ({ db }) => {
  for (const [index, [first, last]] of SEGMENTS.entries()) {
    const good = await value(db, segmentKey(first));
    const bad = Buffer.from(good.toString('latin1').replace('"reason":"test"', '"reason":"tesx"'), 'latin1');
    assert.is(bad.length, good.length);
    sealFrame(bad);
    await change(db, segmentKey(first), bad);
    await expectRange(db, first, SEGMENTS[index + 1]?.[1] ?? last, `forged segment ${first}`);
    await change(db, segmentKey(first), good);
  }
});

test('given a revision that does not follow, when opened or verified, then that event is named', async ({ db }) => {
  const good = await value(db, segmentKey(45));
  const bad = Buffer.from(good.toString('latin1').replace(/"rev":\d/, '"rev":9'), 'latin1');
  sealFrame(bad);
  await change(db, segmentKey(45), bad);
  await db.open();
  const { damage } = await verifyEventLog(db);
  assert.ok(damage.some(({ from, to, reason }) => from === 45 && to === 45 && /revision 9/.test(reason)));
});

test('given a head mark that is damaged, deleted, or points too far or too short, when opened or verified, then refused', async ({
  db,
}) => {
  const good = await value(db, HEAD_KEY);
  const marks: Buffer[] = [Buffer.alloc(0), Buffer.alloc(good.length), good.subarray(0, 20)];
  for (const seq of [44, 46, 1000]) {
    const moved = Buffer.from(good);
    moved.writeUIntBE(seq, 5, 6);
    sealFrame(moved);
    marks.push(moved);
  }
  for (const bad of marks) {
    await change(db, HEAD_KEY, bad);
    assert.is((await errorOf(() => openEventLog({ ...IDENTITY, db })))?.code, 'LOG_CORRUPT');
    await db.open();
    assert.is.not((await verifyEventLog(db)).damage.length, 0);
  }
  await db.open();
  await db.del(HEAD_KEY);
  assert.is((await errorOf(() => openEventLog({ ...IDENTITY, db })))?.code, 'LOG_CORRUPT');
});

test('given a whole value of a later version, when opened, then LOG_TOO_NEW', async ({ db }) => {
  for (const key of [segmentKey(5), HEAD_KEY]) {
    const good = await value(db, key);
    const later = Buffer.from(good);
    sealFrame(later);
    later[0] = FORMAT_VERSION + 1;
    const { crc32 } = await import('node:zlib');
    later.writeUInt32BE(crc32(later.subarray(5), crc32(later.subarray(0, 1))), 1);
    await change(db, key, later);
    assert.is((await errorOf(() => openEventLog({ ...IDENTITY, db })))?.code, 'LOG_TOO_NEW');
    await db.open();
    assert.match((await verifyEventLog(db)).damage[0]?.reason ?? '', 'newer');
    await change(db, key, good);
  }
});

test('given damage after opening, when read in any way, then events before it come, and then LOG_CORRUPT', async ({ db }) => {
  const log: EventLog = await openEventLog({ ...IDENTITY, db });
  const good = await value(db, segmentKey(5));
  for (const bad of [undefined, good.subarray(0, 100)]) {
    if (bad === undefined) await db.del(segmentKey(5));
    else await change(db, segmentKey(5), bad);
    const seen: number[] = [];
    const error = await errorOf(async () => {
      for await (const event of log.read({ to: 44 })) seen.push(event.seq);
    });
    assert.is(error?.code, 'LOG_CORRUPT');
    assert.equal({ ...(error?.facts as object), reason: '' }, { from: 5, to: 36, reason: '' });
    assert.ok(seen.every((seq, index) => seq === index && seq < 5));
    assert.is((await errorOf(() => all(log.readStream('container/6'))))?.code, 'LOG_CORRUPT');
    assert.is((await errorOf(() => all(log.follow({ from: 0 }))))?.code, 'LOG_CORRUPT');
    const { damage } = await log.verify();
    assert.equal([damage[0]?.from, damage[0]?.to], [5, 36]);
    assert.is((await all(log.read({ from: 37 }))).length, 9);
  }
  await log.close();
});

test('given several damages at once, when verified, then all are reported and the rest is counted', async ({ db }) => {
  await db.open();
  await db.del(segmentKey(0));
  await change(db, segmentKey(37), Buffer.alloc(50));
  const progress: number[] = [];
  const { damage, events } = await verifyEventLog(db, { progress: (checked) => void progress.push(checked) });
  assert.equal(
    damage.map(({ from, to }) => [from, to]),
    [
      [0, 4],
      [37, 44],
    ],
  );
  assert.is(events, 33);
  assert.is(progress.at(-1), 33);
});

test('given equal events packed differently, when verified, then the heads are equal', async ({ db }) => {
  const other = new MemoryLevel();
  const log = await openEventLog({ ...IDENTITY, db: other, newId: counter() });
  for (let index = 0; index < 46; index++) await log.append(samples(index, index + 1)).durable;
  await db.open();
  assert.is((await log.verify()).head, (await verifyEventLog(db)).head);
  await log.close();
});

test.run();
