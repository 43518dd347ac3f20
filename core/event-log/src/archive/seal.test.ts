// time limit: 300 s
import { randomBytes } from 'node:crypto';
import { cp, readdir, readFile, readlink, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import type { EventLog, SealedRange } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelLog, repairLevelLog, verifyLevelLog } from '../disk/level-log.ts';
import { sourceAt } from '../repair/repair-source.ts';
import { rewriteDatabase } from '../rewrite.test.util.ts';
import { all, counter, errorOf, IDENTITY, samples, STAMP } from '../samples.test.util.ts';

interface Context {
  temporary: TemporaryDirectory;
  directory: string;
  archive: string;
  log: EventLog;
  /** All events, before anything was sealed. */
  texts: readonly string[];
}

const test = suite<Context>('sealed events');

const EVENTS = 3000;

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  context.directory = join(context.temporary.path, 'log');
  context.archive = join(context.directory, 'archive');
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId: counter() });
  for (let at = 0; at < EVENTS; at += 20) await context.log.append(samples(at, at + 20)).durable;
  context.texts = await textsOf(context.log);
});
test.after.each(async (context) => {
  await context.log.close();
  await context.temporary.cleanup();
});

async function textsOf(log: EventLog): Promise<readonly string[]> {
  return (await all(log.read())).map((event) => JSON.stringify(event));
}

async function sealAll(log: EventLog, before: number): Promise<SealedRange[]> {
  const ranges: SealedRange[] = [];
  for await (const range of log.seal(before)) ranges.push(range);
  return ranges;
}

async function reopen(context: Context): Promise<void> {
  await context.log.close();
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
}

/** Of the log as it lies there: LevelDB lets nobody else open it. */
async function copyOf({ directory, temporary }: Context): Promise<string> {
  const copy = join(temporary.path, 'copy');
  await rm(copy, { recursive: true, force: true });
  await cp(directory, copy, { recursive: true });
  return copy;
}

async function verifyCopy(context: Context): ReturnType<typeof verifyLevelLog> {
  return verifyLevelLog(await copyOf(context));
}

/** Without index pages, so that opening reads all of it. */
async function openCopy(context: Context): Promise<EventLog> {
  const directory = await copyOf(context);
  await rm(join(directory, 'snapshots'), { recursive: true });
  return openLevelLog({ ...IDENTITY, directory });
}

/** The archive's file: there is one. */
async function fileOf({ archive }: Context): Promise<string> {
  const [name, ...more] = await readdir(archive);
  assert.is(more.length, 0);
  return join(archive, name ?? '');
}

test('given events that were sealed, when read in any way, now and after opening again, then they are as before', async (context) => {
  const root = await context.log.tree.root(EVENTS);
  const ranges = await sealAll(context.log, 2000);
  assert.is(ranges[0]?.first, 0);
  assert.ok((ranges.at(-1)?.last ?? 0) >= 1900 && (ranges.at(-1)?.last ?? 0) < 2000);
  for (let round = 0; round < 2; round++) {
    const { log, texts } = context;
    assert.equal(await textsOf(log), texts);
    const some = await all(log.read({ from: 1990, to: 2010 }));
    assert.equal(
      some.map(({ seq }) => seq),
      Array.from({ length: 21 }, (_, index) => 1990 + index),
    );
    const stream = await all(log.readStream('container/3', 0));
    assert.equal(
      stream.map(({ rev }) => rev),
      Array.from({ length: stream.length }, (_, index) => index),
    );
    assert.equal((await log.verify()).damage, []);
    assert.is(Buffer.from(await log.tree.root(EVENTS)).toString('hex'), Buffer.from(root).toString('hex'));
    await reopen(context);
  }
  const appended = await context.log.append(samples(EVENTS, EVENTS + 1));
  await appended.durable;
  assert.is(appended.events[0]?.seq, EVENTS);
});

test('given a follower from the start, when events are sealed before its eyes, then it gets each once', async (context) => {
  const { log } = context;
  const seen: number[] = [];
  const sealing = sealAll(log, 2500);
  for await (const { seq } of log.follow({ from: 0 })) {
    seen.push(seq);
    if (seq === EVENTS - 1) break;
  }
  await sealing;
  assert.equal(
    seen,
    Array.from({ length: EVENTS }, (_, index) => index),
  );
});

test('given sealed events, when sealed again and further, then only the rest moves', async (context) => {
  const [first] = await sealAll(context.log, 1000);
  assert.equal(await sealAll(context.log, 1000), []);
  const [second] = await sealAll(context.log, 2000);
  assert.is(second?.first, (first?.last ?? 0) + 1);
  assert.equal(await textsOf(context.log), context.texts);
});

/** Which files of a directory hold these bytes. */
async function holdersOf(directory: string, text: string): Promise<readonly string[]> {
  const names = await readdir(directory);
  const found = await Promise.all(names.map(async (name) => ((await readFile(join(directory, name))).includes(text) ? [name] : [])));
  return found.flat();
}

test('given events that were sealed, then nothing of them is left in the files of the database', async (context) => {
  const { log, directory } = context;
  const secret = randomBytes(32).toString('hex');
  const event = { stream: 'container/0', type: 'container.oom', kind: 'observed', data: { id: secret, kills: 1 } } as const;
  await log.append({ stamp: STAMP, events: [event] }).durable;
  for (let at = 0; at < 100; at += 20) await log.append(samples(at, at + 20)).durable;
  const db = join(directory, 'db');
  assert.ok((await holdersOf(db, secret)).length > 0);
  await sealAll(log, EVENTS + 60);
  assert.equal(await holdersOf(db, secret), []);
  const [found] = await all(log.read({ from: EVENTS, to: EVENTS }));
  assert.is(found?.type === 'container.oom' && found.data.id, secret);
});

test('given a seal that was cut off before it gave the room back, when its events are pruned, then nothing of them is left in the files of the log', async (context) => {
  const secret = randomBytes(32).toString('hex');
  const event = { stream: 'container/0', type: 'container.oom', kind: 'observed', data: { id: secret, kills: 1 } } as const;
  await context.log.append({ stamp: STAMP, events: [event] }).durable;
  for (let at = 0; at < 100; at += 20) await context.log.append(samples(at, at + 20)).durable;
  await reopen(context);
  const { log, directory } = context;
  const db = join(directory, 'db');
  for await (const _ of log.seal(EVENTS + 60)) break;
  assert.ok((await holdersOf(db, secret)).length > 0);
  await log.prune(log.sealedSeq + 1, Buffer.from('state'), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  assert.ok(log.firstSeq > EVENTS);
  for (const part of ['db', 'archive']) assert.equal(await holdersOf(join(directory, part), secret), []);
});

test('given more archives than are open at a time, when a stream and many ranges are read at once, then each event is there; when they are pruned, then no file of theirs is open', async (context) => {
  const { log, archive } = context;
  for (let before = 70; before < EVENTS - 100; before += 70) await sealAll(log, before);
  assert.ok((await readdir(archive)).length > 35);
  const { length } = (await all(log.read())).filter(({ stream }) => stream === 'container/3');
  assert.is((await all(log.readStream('container/3'))).length, length);
  const from = Array.from({ length: 100 }, (_, index) => index * 25);
  const ranges = await Promise.all(from.map((first) => all(log.read({ from: first, to: first + 100 }))));
  assert.ok(ranges.every((events, index) => events.length === 101 && events[0]?.seq === from[index]));
  await log.prune(log.prunable(2000), Buffer.from('state'), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  const open = await Promise.all((await readdir('/proc/self/fd')).map((fd) => readlink(`/proc/self/fd/${fd}`).catch(() => '')));
  assert.equal(
    open.filter((path) => path.startsWith(archive) && path.endsWith('(deleted)')),
    [],
  );
});

test('given any position, when asked how far a seal before it would come, then that is how far it comes, before and after opening again', async (context) => {
  assert.equal([context.log.sealedSeq, context.log.sealable(0)], [-1, 0]);
  for (const before of [1, 19, 20, 777, 1500, 1501, EVENTS]) {
    const reach = context.log.sealable(before);
    assert.ok(reach <= before);
    await sealAll(context.log, before);
    assert.is(context.log.sealedSeq + 1, reach, `before ${before}`);
    if (before === 777) await reopen(context);
    assert.equal([context.log.sealedSeq + 1, context.log.sealable(before)], [reach, reach]);
  }
});

test('given followers, when asked whom the log must wait for, then the one that lags most counts until it has been given all, or leaves', async ({
  log,
}) => {
  assert.is(log.followedSeq, undefined);
  const leave = new AbortController();
  const slow = log.follow({ from: 10, signal: leave.signal })[Symbol.asyncIterator]();
  assert.is((await slow.next()).value?.seq, 10);
  const reached = log.followedSeq ?? 0;
  assert.ok(reached > 10 && reached < EVENTS);
  const fast = log.follow({ from: EVENTS - 1 })[Symbol.asyncIterator]();
  assert.is((await fast.next()).value?.seq, EVENTS - 1);
  assert.is(log.followedSeq, reached);
  leave.abort();
  await slow.return?.();
  assert.is(log.followedSeq, undefined, 'one that has been given all holds nothing back');
  await fast.return?.();
});

test('given several who seal at once, then each event is in one archive', async (context) => {
  const ranges = (await Promise.all([800, 1500, 2000].map((before) => sealAll(context.log, before))))
    .flat()
    .toSorted((a, b) => a.first - b.first);
  let expected = 0;
  for (const { first, last } of ranges) {
    assert.is(first, expected);
    expected = last + 1;
  }
  assert.ok(expected > 1900);
  assert.equal(await textsOf(context.log), context.texts);
});

test('given sealed events, when index pages and snapshots are gone, then opening reads them from the archives', async (context) => {
  await sealAll(context.log, 2500);
  await context.log.close();
  await rm(join(context.directory, 'snapshots'), { recursive: true });
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  assert.equal(await textsOf(context.log), context.texts);
});

test('given a seal that was cut off before its record, when opened again, then what it left is gone and all events are there', async (context) => {
  const spare = join(context.temporary.path, 'spare');
  await context.log.close();
  await cp(context.directory, spare, { recursive: true });
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  await sealAll(context.log, 2000);
  // The archive was renamed, and the machine died before the database's write.
  await cp(context.archive, join(spare, 'archive'), { recursive: true });
  await writeFile(join(spare, 'archive', 'draft'), 'half');
  const log = await openLevelLog({ ...IDENTITY, directory: spare });
  assert.equal(await readdir(join(spare, 'archive')), []);
  assert.equal(await textsOf(log), context.texts);
  await log.close();
});

test('given an archive with a byte changed, anywhere, when verified, read and opened, then its events are refused and their range is told', async (context) => {
  await sealAll(context.log, 2000);
  const file = await fileOf(context);
  const good = await readFile(file);
  for (let at = 0; at < good.length; at += Math.ceil(good.length / 60)) {
    const bad = Buffer.from(good);
    bad[at] = (bad[at] ?? 0) ^ 0x10;
    // An archive that is open has its index in memory: another file is another archive.
    await rm(file);
    await writeFile(file, bad);
    const { damage } = await verifyCopy(context);
    assert.ok(damage.length > 0, `byte ${at}`);
    for (const { from, to } of damage) assert.ok(from >= 0 && to < 2000, `byte ${at}: ${from} to ${to}`);
    const error = await errorOf(async () => (await openCopy(context)).close());
    assert.is(error?.code, 'LOG_CORRUPT', `byte ${at}`);
  }
});

test('given an archive that is gone or cut, when repaired from a copy or an export, then all events are there', async (context) => {
  await sealAll(context.log, 2000);
  await context.log.close();
  const [mirror, exported] = [join(context.temporary.path, 'mirror'), join(context.temporary.path, 'events.ndjson')];
  await cp(context.directory, mirror, { recursive: true });
  await writeFile(exported, `${context.texts.join('\n')}\n`);
  for (const source of [mirror, exported]) {
    const file = await fileOf(context);
    if (source === mirror) await rm(file);
    else await truncate(file, Math.floor((await stat(file)).size / 2));
    assert.ok((await verifyLevelLog(context.directory)).damage.length > 0);
    await repairLevelLog(context.directory, sourceAt(source));
    assert.equal((await verifyLevelLog(context.directory)).damage, []);
    context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
    assert.equal(await textsOf(context.log), context.texts);
    await sealAll(context.log, 2000);
    await context.log.close();
  }
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
});

test('given an archive that is damaged, when verified, or repaired in vain, then its file stays', async (context) => {
  await sealAll(context.log, 2000);
  await context.log.close();
  const file = await fileOf(context);
  const bytes = await readFile(file);
  bytes[50] = (bytes[50] ?? 0) ^ 0x10;
  await writeFile(file, bytes);
  const empty = join(context.temporary.path, 'empty');
  await writeFile(empty, '');
  assert.ok((await verifyLevelLog(context.directory)).damage.length > 0);
  assert.is((await errorOf(() => repairLevelLog(context.directory, sourceAt(empty))))?.code, 'LOG_CORRUPT');
  assert.equal(await readFile(file), bytes);
});

test('given a database that lost the records of its archives, when verified, opened and repaired, then no archive goes before all is there again', async (context) => {
  await sealAll(context.log, 800);
  await sealAll(context.log, 2000);
  const { head } = await context.log.verify();
  await context.log.close();
  const archives = await readdir(context.archive);
  assert.is(archives.length, 2);
  await rewriteDatabase(context.directory, (key, value) => (key.startsWith('a') ? undefined : value));

  assert.equal(
    (await verifyLevelLog(context.directory)).damage.map(({ from }) => from),
    [0],
  );
  assert.is((await errorOf(() => openLevelLog({ ...IDENTITY, directory: context.directory })))?.code, 'LOG_CORRUPT');
  assert.equal(await readdir(context.archive), archives);

  const { filled, verification } = await repairLevelLog(context.directory, sourceAt(join(context.temporary.path, 'nothing')));
  assert.equal([filled, verification], [[], { from: 0, events: EVENTS, head, damage: [] }]);
  assert.equal(await readdir(context.archive), archives);
  context.log = await openLevelLog({ ...IDENTITY, directory: context.directory });
  assert.equal(await textsOf(context.log), context.texts);
  assert.equal(await readdir(context.archive), []);
});

test('given a seal that was cut off before it gave the room back, when the log is repaired, then each event is there once', async (context) => {
  // Opened again, its events are in tables, which go on having them when they are deleted.
  await reopen(context);
  let cut = '';
  for await (const _ of context.log.seal(2000)) {
    cut = await copyOf(context);
    break;
  }
  const { head } = await context.log.verify();
  const { filled, verification } = await repairLevelLog(cut, sourceAt(join(cut, 'nothing')));
  assert.equal([filled, verification], [[], { from: 0, events: EVENTS, head, damage: [] }]);
});

test.run();
