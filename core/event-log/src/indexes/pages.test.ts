import { MemoryLevel } from 'memory-level';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppendRequest, EventLog } from '@shiplog/contracts';
import { ENCODING, segmentKey } from '../stored/database.ts';
import { openEventLog } from '../event-log.ts';
import { PAGE_EVENTS, PAGE_KIND } from './index-page.ts';
import { all, errorOf, IDENTITY, sample, STAMP } from '../samples.test.util.ts';

interface Context {
  db: MemoryLevel;
  snapshots: MemoryLevel;
}

const test = suite<Context>('pages of the indexes');

const EVENTS = 3 * PAGE_EVENTS + 500;

/** Three pages and some. Streams, tags and keys come early, late, and again. */
async function fill(context: Context): Promise<void> {
  const log = await openEventLog({ ...IDENTITY, ...context });
  for (let from = 0; from < EVENTS; from += 50) log.append(request(from, from + 50));
  await log.close();
}

function request(from: number, to: number): AppendRequest {
  const stamp = { ...STAMP, op: `op-${from}`, idem: `key-${from}`, t: String(1_700_000_000_000_000_000n + BigInt(from) * 1000n) };
  const events = Array.from({ length: to - from }, (_, index) => {
    const number = from + index;
    const event = sample(number);
    if (number % 10 === 0) return { ...event, stream: `container/own-${number % 5000}`, tags: [`name:${number % 3000}`] } as const;
    return event;
  });
  return { stamp, events };
}

/** Everything the indexes answer. */
async function answers(log: EventLog): Promise<unknown> {
  const refused = (tag: string, after: number): Promise<unknown> =>
    errorOf(() => log.append({ stamp: STAMP, events: [], conditions: [{ tags: [tag], after }] })).then((error) => error?.facts);
  return {
    last: log.admittedSeq,
    revisions: ['container/3', 'container/own-10', 'container/own-4990', 'container/none'].map((name) => log.revision(name as never)),
    keys: ['key-0', 'key-16350', 'key-49600', 'key-1'].map((key) => log.findIdempotent(key)),
    tags: [await refused('name:0', -1), await refused('name:2990', -1), await refused('name:2990', 40_000), await refused('name:1', -1)],
    stream: (await all(log.readStream('container/own-10'))).map(({ seq }) => seq),
    type: (await all(log.read({ types: ['container.oom'], from: PAGE_EVENTS - 3, to: PAGE_EVENTS + 3 }))).map(({ seq }) => seq),
    times: await Promise.all([0, 16_384, 30_000, 49_000].map((at) => log.positionAt(1_700_000_000_000_000_000n + BigInt(at) * 1000n))),
    some: (await all(log.read({ from: PAGE_EVENTS - 40, to: PAGE_EVENTS + 40 }))).map(({ seq }) => seq),
    root: Buffer.from(await log.tree.root()).toString('hex'),
    verified: await log.verify(),
  };
}

/** Opens, counting the segments that opening reads. */
async function open({ db, snapshots }: Context): Promise<{ readonly log: EventLog; readonly read: number }> {
  let read = 0;
  const iterator = db.iterator.bind(db);
  Object.defineProperty(db, 'iterator', {
    configurable: true,
    value: (options: object) => {
      const inner = iterator(options);
      const nextv = inner.nextv.bind(inner);
      return Object.assign(inner, {
        nextv: async (size: number) => {
          const found = await nextv(size);
          read += found.length;
          return found;
        },
      });
    },
  });
  const log = await openEventLog({ ...IDENTITY, db, snapshots });
  Object.defineProperty(db, 'iterator', { configurable: true, value: iterator });
  return { log, read };
}

async function withoutPages({ db }: Context): Promise<unknown> {
  const log = await openEventLog({ ...IDENTITY, db });
  const expected = await answers(log);
  await log.close();
  return expected;
}

test.before.each(async (context) => {
  Object.assign(context, { db: new MemoryLevel(), snapshots: new MemoryLevel() });
  await fill(context);
});

test('given pages, when opened, then all answers are those of the events, and only the end of the log is read', async (context) => {
  const { log, read } = await open(context);
  assert.equal(
    await log.snapshots.positions(PAGE_KIND),
    (await log.snapshots.positions(PAGE_KIND)).toSorted((a, b) => a - b),
  );
  assert.is((await log.snapshots.positions(PAGE_KIND)).length, 3);
  assert.ok(read < 100, `${read} segments were read`);
  const found = await answers(log);
  await log.append(request(EVENTS, EVENTS + 5000)).durable;
  await log.close();
  // Nothing between: what was appended behind the pages has to fit them.
  const again = await open(context);
  assert.is(again.log.admittedSeq, (found as { last: number }).last + 5000);
  assert.equal((await again.log.verify()).damage, []);
  await again.log.close();
});

test('given pages, when compared with opening without them, then every answer is the same', async (context) => {
  const expected = await withoutPages(context);
  const { log } = await open(context);
  assert.equal(await answers(log), expected);
  await log.close();
});

test('given a page damaged or gone, when opened, then the events after the one before are read, and pages are made again', async (context) => {
  const expected = await withoutPages(context);
  for (const number of [0, 1, 2]) {
    const { snapshots } = context;
    await snapshots.open();
    const keys = (await snapshots.keys(ENCODING).all()).filter((key) => key.startsWith(PAGE_KIND));
    assert.is(keys.length, 3);
    const key = keys[number] ?? '';
    if (number === 1) await snapshots.del(key);
    else await snapshots.put<string, Buffer>(key, Buffer.from('nonsense'), ENCODING);
    const { log, read } = await open(context);
    assert.ok(read > 400, `${read} segments were read`);
    assert.equal(await answers(log), expected);
    await log.close();
  }
  const { log, read } = await open(context);
  assert.ok(read < 100, `${read} segments were read`);
  await log.close();
});

test('given pages of another log, when opened, then the events tell, and its pages are replaced', async (context) => {
  const other: Context = { db: new MemoryLevel(), snapshots: new MemoryLevel() };
  await fill(other);
  const expected = await withoutPages(context);
  const mixed = { db: context.db, snapshots: other.snapshots };
  const { log } = await open(mixed);
  assert.equal(await answers(log), expected);
  await log.close();
  const again = await open(mixed);
  assert.ok(again.read < 100, `${again.read} segments were read`);
  assert.equal(await answers(again.log), expected);
  await again.log.close();
});

test('given damage before the last page, when opened, then it opens, and refuses where it is read', async (context) => {
  await context.db.open();
  const keys = (await context.db.keys({ ...ENCODING, gte: segmentKey(100) }).all()).slice(0, 1);
  const first = Number(keys[0]?.slice(1));
  await context.db.del(keys[0] ?? '');
  const { log } = await open(context);
  const error = await errorOf(() => all(log.read()));
  assert.is(error?.code, 'LOG_CORRUPT');
  assert.is((error?.facts as { from: number } | undefined)?.from, first);
  assert.is((await log.verify()).damage[0]?.from, first);
  await log.close();
});

test.run();
