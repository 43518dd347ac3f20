import { createHash } from 'node:crypto';
import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventLog } from '@shiplog/contracts';
import { canonicalJson } from './append/canonical-json.ts';
import { ENCODING, tileKey } from './stored/database.ts';
import { openEventLog } from './event-log.ts';
import { all, counter, errorOf, IDENTITY, sample, samples, STAMP } from './samples.test.util.ts';

const test = suite('the tree of a log');

function sha256(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256').update(Buffer.concat(parts)).digest();
}

/** RFC 6962, section 2.1, word for word, over leaf hashes. */
function rootOf(hashes: readonly Buffer[]): Buffer {
  const [first] = hashes;
  if (first === undefined) return sha256();
  if (hashes.length === 1) return first;
  let k = 1;
  while (k * 2 < hashes.length) k *= 2;
  return sha256(Buffer.of(1), rootOf(hashes.slice(0, k)), rootOf(hashes.slice(k)));
}

async function leavesOf(log: EventLog): Promise<Buffer[]> {
  return (await all(log.read())).map((event) => sha256(Buffer.of(0), Buffer.from(canonicalJson(event))));
}

/** 70,000 events: tiles of three levels. */
async function large(db: MemoryLevel): Promise<EventLog> {
  const log = await openEventLog({ ...IDENTITY, db, newId: counter() });
  for (let from = 0; from < 70_000; from += 1000) await log.append(samples(from, from + 1000)).durable;
  return log;
}

test('given any size, when the root is asked for, then it is what the definition says of the stored events', async () => {
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel() });
  assert.is(Buffer.from(await log.tree.root()).toString('hex'), rootOf([]).toString('hex'));
  for (let from = 0, size = 1; from < 700; from += size, size = (size % 40) + 3) await log.append(samples(from, from + size)).durable;
  const leaves = await leavesOf(log);
  assert.is(log.tree.size, leaves.length);
  for (const size of [0, 1, 2, 3, 31, 32, 33, 255, 256, 257, 511, 512, 513, 600, leaves.length]) {
    assert.is(Buffer.from(await log.tree.root(size)).toString('hex'), rootOf(leaves.slice(0, size)).toString('hex'), String(size));
  }
  assert.is((await log.verify()).head, rootOf(leaves).toString('hex'));
  for (const size of [-1, 0.5, leaves.length + 1]) assert.is((await errorOf(() => log.tree.root(size)))?.code, 'LOG_POSITION_UNKNOWN');
  await log.close();
});

test('given tiles of three levels, when read, also with stored ones damaged or gone, and after reopening, then they are the subtrees of the events', async () => {
  const db = new MemoryLevel();
  let log = await large(db);
  const leaves = await leavesOf(log);
  const levels: Buffer[][] = [leaves];
  for (let below = leaves; below.length >= 256; below = levels.at(-1) ?? []) {
    levels.push(Array.from({ length: Math.floor(below.length / 256) }, (_, index) => rootOf(below.slice(index * 256, (index + 1) * 256))));
  }
  assert.is(levels.length, 3);
  for (const round of ['open', 'reopened', 'damaged']) {
    if (round === 'reopened') {
      await log.close();
      log = await openEventLog({ ...IDENTITY, db });
    }
    if (round === 'damaged') {
      await db.put<string, Buffer>(tileKey(0, 3), Buffer.from('nonsense'), ENCODING);
      await db.del(tileKey(0, 5));
      await db.del(tileKey(1, 0));
    }
    for (const [level, hashes] of levels.entries()) {
      const tiles = Math.ceil(hashes.length / 256);
      for (const index of new Set([0, 3, 5, tiles - 2, tiles - 1])) {
        if (index < 0 || index >= tiles) continue;
        const expected = Buffer.concat(hashes.slice(index * 256, (index + 1) * 256));
        assert.ok(expected.equals(await log.tree.tile(level, index)), `${round}: ${level}/${index}`);
      }
      assert.is((await errorOf(() => log.tree.tile(level, tiles)))?.code, 'LOG_POSITION_UNKNOWN');
    }
    assert.is((await errorOf(() => log.tree.tile(3, 0)))?.code, 'LOG_POSITION_UNKNOWN');
    assert.is(Buffer.from(await log.tree.root(66_000)).toString('hex'), rootOf(leaves.slice(0, 66_000)).toString('hex'));
  }
  const ranges = (await log.verify()).damage.map(({ from, to }) => [from, to]);
  assert.equal(ranges.toSorted(), [
    [0, 65_535],
    [1280, 1535],
    [768, 1023],
  ]);
  await log.close();
});

test('given events that are admitted and not durable, when the tree is asked, then it has only the durable ones', async () => {
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel() });
  await log.append(samples(0, 250)).durable;
  const before = Buffer.from(await log.tree.tile(0, 0));
  const { durable } = log.append(samples(250, 600));
  assert.is(log.tree.size, 250);
  // All asked at once: what is admitted is durable soon.
  const asked = [log.tree.tile(0, 0), log.tree.root()] as const;
  const refused = errorOf(() => log.tree.tile(0, 1));
  const [tile, root] = (await Promise.all(asked)).map((bytes) => Buffer.from(bytes));
  assert.ok(tile !== undefined && before.equals(tile));
  assert.is((await refused)?.code, 'LOG_POSITION_UNKNOWN');
  await durable;
  assert.ok(root?.equals(await log.tree.root(250)));
  assert.is((await log.tree.tile(0, 0)).length, 256 * 32);
  await log.close();
});

test('given any range, when its bytes are read, then they are the canonical bytes that are hashed into the tree', async () => {
  const log = await openEventLog({ ...IDENTITY, db: new MemoryLevel() });
  for (let from = 0; from < 300; from += 7) await log.append(samples(from, from + 7)).durable;
  const texts = (await all(log.read())).map(canonicalJson);
  for (const [from, to] of [
    [0, 300],
    [0, 0],
    [31, 32],
    [33, 97],
    [255, 256],
    [299, 5000],
    [5, 4],
  ] as const) {
    const bytes: string[] = [];
    for await (const event of log.readBytes({ from, to })) bytes.push(Buffer.from(event).toString());
    assert.equal(bytes, texts.slice(from, to + 1));
  }
  await log.close();
});

test('given an event larger than an entry may be, when it is logged, then its digest stands in the tree, and the log verifies', async () => {
  const db = new MemoryLevel();
  let log = await openEventLog({ ...IDENTITY, db });
  const large = sample(3);
  await log.append(samples(0, 3)).durable;
  await log.append({ stamp: STAMP, events: [{ ...large, tags: ['x'.repeat(70_000)] }] }).durable;
  await log.append(samples(4, 8)).durable;
  for (let round = 0; round < 2; round++) {
    const [event] = await all(log.read({ from: 3, to: 3 }));
    const bytes = Buffer.from(canonicalJson(event));
    assert.ok(bytes.length > 65_535);
    const entry = `digest-entry/v1\nsha256 ${sha256(bytes).toString('hex')}\nsize ${bytes.length}\n`;
    const tile = Buffer.from(await log.tree.tile(0, 0));
    assert.is(tile.subarray(96, 128).toString('hex'), sha256(Buffer.of(0), Buffer.from(entry)).toString('hex'));
    assert.equal((await log.verify()).damage, []);
    await log.close();
    log = await openEventLog({ ...IDENTITY, db });
  }
  await log.close();
});

test.run();
