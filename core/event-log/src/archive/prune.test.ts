// time limit: 300 s
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Level } from 'level';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import type { EventLog, SealedRange } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { BODY, sealFrame } from '../stored/frame.ts';
import { openLevelLog, verifyLevelLog } from '../disk/level-log.ts';
import { all, counter, errorOf, IDENTITY, sample, samples, STAMP } from '../samples.test.util.ts';

interface Context {
  temporary: TemporaryDirectory;
  directory: string;
  log: EventLog;
  first: number;
}

const test = suite<Context>('pruned events');

const EVENTS = 1500;
const STATE = Buffer.from('as of the last that went');

/** Prunes as an engine does: what stands for the events is in the log before they go. */
async function prune(log: EventLog, first: number): Promise<void> {
  await log.prune(first, STATE, async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
}

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  context.directory = join(context.temporary.path, 'log');
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId: counter() });
  await context.log.append({ stamp: { ...STAMP, idem: 'once' }, events: [{ ...sample(0), stream: 'container/once' }] }).durable;
  for (let at = 1; at < EVENTS; at += 20) await context.log.append(samples(at, Math.min(at + 20, EVENTS))).durable;
  for await (const range of context.log.seal(1000)) context.first = range.last + 1;
});
test.after.each(async (context) => {
  await context.log.close();
  await context.temporary.cleanup();
});

async function reopen(context: Context, options: { readonly withoutSnapshots?: boolean } = {}): Promise<void> {
  await context.log.close();
  if (options.withoutSnapshots === true) await rm(join(context.directory, 'snapshots'), { recursive: true });
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
}

test('given sealed events, when they are pruned, then the rest is served, proofs hold, and asking for what is gone says where the log begins', async (context) => {
  const { log, first } = context;
  const root = Buffer.from(await log.tree.root(EVENTS)).toString('hex');
  assert.is(log.prunable(EVENTS), first);
  assert.is(log.prunable(first - 1), 0, 'an archive goes as a whole');
  await prune(log, first);
  assert.equal(await readdir(join(context.directory, 'archive')), ['boundary']);
  for (const withoutSnapshots of [undefined, false, true]) {
    if (withoutSnapshots !== undefined) await reopen(context, { withoutSnapshots });
    const now = context.log;
    assert.is(now.firstSeq, first);
    const events = await all(now.read());
    assert.equal([events[0]?.seq, events.at(-1)?.seq, events.length], [first, EVENTS, EVENTS + 1 - first]);
    const refused = await errorOf(() => all(now.read({ from: first - 1 })));
    assert.equal([refused?.code, refused?.facts], ['LOG_PRUNED', { from: first - 1, first }]);
    assert.is((await errorOf(() => all(now.follow({ from: 0 }))))?.code, 'LOG_PRUNED');
    const stream = await all(now.readStream('container/3'));
    assert.ok(stream.length > 0 && stream.every(({ seq }) => seq >= first));
    assert.is((await errorOf(() => all(now.readStream('container/3', 0))))?.code, 'LOG_PRUNED');
    assert.is(Buffer.from(await now.tree.root(EVENTS)).toString('hex'), root);
    assert.ok((await now.tree.tile(0, 0)).length > 0, 'leaves of what is gone stay');
    assert.equal((await now.verify()).damage, []);
    const boundary = await now.boundary();
    assert.equal([boundary?.seq, Buffer.from(boundary?.state ?? []).toString()], [first - 1, STATE.toString()]);
  }
});

test('given a stream whose events were all pruned, when it is read, then there is none, and from a revision it says so', async (context) => {
  const { log, first } = context;
  assert.is((await all(log.readStream('container/once'))).length, 1);
  await prune(log, first);
  assert.equal(await all(log.readStream('container/once')), []);
  assert.equal(await all(log.read({ stream: 'container/once' })), []);
  assert.equal((await errorOf(() => all(log.readStream('container/once', 0))))?.code, 'LOG_PRUNED');
});

test('given pruned events, when appended, then revisions, keys and the tree go on, also without index pages', async (context) => {
  await prune(context.log, context.first);
  await reopen(context, { withoutSnapshots: true });
  const { log } = context;
  const before = log.revision('container/3');
  assert.ok(before > 100);
  assert.is(log.findIdempotent('once'), 0);
  const { events, durable } = log.append({ ...samples(3, 4), expected: { 'container/3': before } });
  await durable;
  assert.equal([events[0]?.seq, events[0]?.rev], [EVENTS + 1, before + 1]);
  await log.close();
  assert.equal((await verifyLevelLog(context.directory)).damage, []);
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
});

test('given a log that was pruned, when more is sealed and pruned, then it begins there', async (context) => {
  await prune(context.log, context.first);
  let { first } = context;
  for await (const range of context.log.seal(1400)) first = range.last + 1;
  assert.ok(first > context.first);
  await prune(context.log, first);
  await prune(context.log, first);
  await reopen(context, { withoutSnapshots: true });
  assert.is(context.log.firstSeq, first);
  assert.is((await all(context.log.read())).length, EVENTS + 2 - first);
  assert.equal((await context.log.verify()).damage, []);
});

test('given a prune that was cut off before it removed files, when opened again, then they are gone', async (context) => {
  const spare = join(context.temporary.path, 'spare');
  await cp(join(context.directory, 'archive'), spare, { recursive: true });
  await prune(context.log, context.first);
  await context.log.close();
  await cp(spare, join(context.directory, 'archive'), { recursive: true });
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  assert.equal(await readdir(join(context.directory, 'archive')), ['boundary']);
});

test('given a position that no archive ends before, when pruned, then it is refused and all is there', async (context) => {
  const { log, first } = context;
  assert.is((await errorOf(() => prune(log, first - 5)))?.code, 'REQUEST_INVALID');
  assert.is((await all(log.read())).length, EVENTS);
});

test('given pruned events, when asked what was before the first that is kept, then it says that this is gone', async (context) => {
  const { log, first } = context;
  await prune(log, first);
  assert.is(await log.positionAt(BigInt(STAMP.t)), EVENTS);
  assert.is((await errorOf(() => log.positionAt(BigInt(STAMP.t) - 1n)))?.code, 'LOG_PRUNED');
});

/** Puts something else in place of what stands for pruned events, with a checksum that fits. */
async function forge(directory: string, part: 'index' | 'state', change: (body: Buffer) => Buffer): Promise<void> {
  const db = new Level<string, Buffer>(join(directory, 'db'), { valueEncoding: 'buffer' });
  const key = part === 'state' ? 'base/state' : 'base/index-2';
  const body = change(Buffer.from((await db.get(key))?.subarray(BODY) ?? []));
  const value = Buffer.concat([Buffer.alloc(BODY), body]);
  sealFrame(value);
  await db.put(key, value, { sync: true });
  await db.close();
}

test('given another state in place of the one that stands for pruned events, when asked for or verified, then it is refused with the range that is gone', async (context) => {
  await prune(context.log, context.first);
  await context.log.close();
  await forge(context.directory, 'state', (body) => Buffer.from(body.toString().replace('last', 'lost')));
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  const refused = await errorOf(() => context.log.boundary());
  const range = { from: 0, to: context.first - 1 };
  assert.is(refused?.code, 'LOG_CORRUPT');
  const reason = 'what stands for these pruned events is not what was recorded when they went';
  assert.equal(refused?.facts, { ...range, reason });
  assert.equal((await context.log.verify()).damage, [{ ...range, reason }]);
  await context.log.close();
  assert.equal((await verifyLevelLog(context.directory)).damage, [{ ...range, reason }]);
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
});

test('given other indexes in place of those that stand for pruned events, when verified, then it is told', async (context) => {
  await prune(context.log, context.first);
  await context.log.close();
  await forge(context.directory, 'index', (body) => Buffer.from(body.toString('latin1').replace('"once"', '"0nce"'), 'latin1'));
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  assert.equal(
    (await context.log.verify()).damage.map(({ from, to }) => [from, to]),
    [[0, context.first - 1]],
  );
});

test('given only the archive damaged that has the record of a prune, when verified or opened, then its range alone is told', async (context) => {
  await prune(context.log, context.first);
  for (let at = EVENTS + 1; at < 2 * EVENTS; at += 20) await context.log.append(samples(at, at + 20)).durable;
  let sealed: SealedRange | undefined;
  for await (const range of context.log.seal(EVENTS + 500)) sealed = range;
  const range = [sealed?.first, sealed?.last];
  assert.equal([range[0], context.first < EVENTS && EVENTS <= (sealed?.last ?? 0)], [context.first, true], 'the record is in the archive');
  const archive = join(context.directory, 'archive');
  const file = join(archive, (await readdir(archive)).find((name) => name !== 'boundary') ?? '');
  const whole = await readFile(file);
  await context.log.close();
  for (const bytes of [whole.subarray(0, -1), undefined, whole.map((byte, at) => (at === 100 ? byte ^ 1 : byte))]) {
    await rm(file, { force: true });
    if (bytes !== undefined) await writeFile(file, bytes);
    const { damage } = await verifyLevelLog(context.directory);
    assert.is(damage.length, 1);
    // Of a flipped bit, it is that of the block alone.
    const { from, to = 0 } = damage[0] ?? {};
    assert.ok(from === range[0] && to >= EVENTS && (to === range[1] || bytes?.length === whole.length), `${from} to ${to}`);
    const refused = await errorOf(() => openLevelLog({ ...IDENTITY, directory: context.directory }));
    assert.equal([refused?.code, (refused?.facts as { from?: number } | undefined)?.from], ['LOG_CORRUPT', from]);
  }
});

test('given a prune that failed before its write, when done again, then what was there meanwhile is gone, and not before', async (context) => {
  const { log, first } = context;
  const obstacle = join(context.directory, 'archive/boundary.draft');
  await mkdir(obstacle);
  assert.ok(await errorOf(() => prune(log, first)));
  assert.is(log.firstSeq, 0);
  assert.is((await all(log.read({ from: 0 }))).length, EVENTS + 1, 'nothing is gone but said to be');
  await rm(obstacle, { recursive: true });
  await prune(log, first);
  assert.is(log.firstSeq, first);
  await reopen(context);
  assert.is(context.log.firstSeq, first);
});

test('given a prune whose record does not reach the disk, when it fails, then nothing is gone', async (context) => {
  const { log, first } = context;
  const refused = await errorOf(() => log.prune(first, STATE, () => Promise.reject(new Error('disk'))));
  assert.ok(refused);
  assert.is(log.firstSeq, 0);
  assert.is((await all(log.read())).length, EVENTS);
  assert.is(await log.boundary(), undefined);
});

test.run();
