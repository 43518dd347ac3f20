// time limit: 300 s
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { zstdCompressSync } from 'node:zlib';
import { ShiplogError } from '@shiplog/contracts';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelLog, repairLevelLog, verifyLevelLog } from '../disk/level-log.ts';
import { sourceAt } from './repair-source.ts';
import { all, counter, errorOf, IDENTITY, samples } from '../samples.test.util.ts';

interface Context {
  temporary: TemporaryDirectory;
  /** The log, a copy of it, and an export of its events. */
  directory: string;
  mirror: string;
  exported: string;
  events: readonly string[];
}

const test = suite<Context>('repair of a log');

const EVENTS = 900;

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  const { path } = context.temporary;
  Object.assign(context, { directory: join(path, 'log'), mirror: join(path, 'mirror'), exported: join(path, 'events.ndjson') });
  const newId = counter();
  for (const from of [0, 300, 600]) {
    const log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId });
    for (let at = from; at < from + 300; at += 12) await log.append(samples(at, at + 12)).durable;
    if (from === 600) context.events = (await all(log.read())).map((event) => JSON.stringify(event));
    await log.close();
  }
  await cp(context.directory, context.mirror, { recursive: true });
  await writeFile(context.exported, `${context.events.join('\n')}\n`);
});
test.after.each((context) => context.temporary.cleanup());

async function damage(directory: string, name: RegExp, change: (bytes: Buffer) => void): Promise<void> {
  const db = join(directory, 'db');
  const file = (await readdir(db)).find((each) => name.test(each));
  if (file === undefined) throw new Error(`no file ${String(name)}`);
  const bytes = await readFile(join(db, file));
  change(bytes);
  await writeFile(join(db, file), bytes);
}

/** Zeroes the middle. */
function zero(bytes: Buffer): void {
  bytes.fill(0, Math.floor(bytes.length / 3), Math.floor(bytes.length / 3) + 700);
}

async function expectWhole({ directory, events }: Context): Promise<void> {
  const log = await openLevelLog({ ...IDENTITY, directory });
  assert.equal(
    (await all(log.read())).map((event) => JSON.stringify(event)),
    events,
  );
  assert.equal((await log.verify()).damage, []);
  await log.append(samples(0, 40)).durable;
  await log.close();
  assert.equal((await verifyLevelLog(directory)).damage, []);
}

for (const [what, name] of [
  ['a table', /\.ldb$/],
  ['the write-ahead log', /^\d+\.log$/],
] as const) {
  for (const from of ['an export', 'a copy'] as const) {
    test(`given ${what} damaged, when repaired from ${from}, then it is the log it was, and the damaged one is kept aside`, async (context) => {
      const { directory, mirror, exported } = context;
      const { head } = await verifyLevelLog(mirror);
      await damage(directory, name, zero);
      const error = await errorOf(() => openLevelLog({ ...IDENTITY, directory }));
      assert.is(error?.code, 'LOG_CORRUPT');
      const before = await verifyLevelLog(directory);
      assert.is.not(before.damage.length, 0);
      assert.ok(before.events < EVENTS && before.events > 300, String(before.events));
      const { filled, verification, damaged } = await repairLevelLog(directory, sourceAt(from === 'an export' ? exported : mirror));
      assert.ok(filled.length > 0);
      assert.equal(verification, { from: 0, events: EVENTS, head, damage: [] });
      assert.ok((await readdir(damaged ?? '')).length > 0);
      await expectWhole(context);
    });
  }
}

test('given a source with other events, or without those needed, when repaired from it, then refused, and the log is as it was', async (context) => {
  const { directory, exported, mirror, events } = context;
  await damage(directory, /\.ldb$/, zero);
  const before = await readdir(join(directory, 'db'));
  const attempts: readonly (readonly string[])[] = [
    events.map((line) => line.replace('"reason":"test"', '"reason":"lie"')),
    events.slice(0, 2),
    [],
  ];
  for (const lines of attempts) {
    await writeFile(exported, lines.join('\n'));
    const error = await errorOf(() => repairLevelLog(directory, sourceAt(exported)));
    assert.is(error?.code, 'LOG_CORRUPT');
    const { from = -1, to = -1 } = (error?.facts ?? {}) as { from?: number; to?: number };
    assert.ok(from >= 0 && to >= from && to < EVENTS);
    assert.equal(await readdir(join(directory, 'db')), before);
    assert.equal((await readdir(directory)).toSorted(), ['db', 'snapshots', 'witness']);
  }
  await writeFile(exported, 'no JSON\n');
  assert.is((await errorOf(() => repairLevelLog(directory, sourceAt(exported))))?.code, 'REQUEST_INVALID');
  await repairLevelLog(directory, sourceAt(mirror));
  await expectWhole(context);
});

test('given an export that is compressed, when repaired from it, then it is read as it is', async (context) => {
  await damage(context.directory, /\.ldb$/, zero);
  await writeFile(context.exported, zstdCompressSync(await readFile(context.exported)));
  await repairLevelLog(context.directory, sourceAt(context.exported));
  await expectWhole(context);
});

test('given an export with a line separator of Unicode in an event, when read as a source, then the event is whole', async ({
  exported,
  events,
}) => {
  const odd = events.map((line) => line.replace('"reason":"test"', '"reason":"te\u2028s\u2029t"'));
  await writeFile(exported, odd.join('\n'));
  const texts = await sourceAt(exported).events([{ from: 0, to: EVENTS - 1 }]);
  assert.is(texts.size, EVENTS);
  assert.match(texts.get(7) ?? '', 'te\u2028s\u2029t');
});

test('given an export that tells callers in clear, when an event of theirs is needed, then it is refused with what to use instead', async ({
  directory,
  exported,
  events,
}) => {
  await damage(directory, /\.ldb$/, zero);
  await writeFile(
    exported,
    events.map((line) => line.replace('{"reason":"test","scheme":"system"}', '{"gid":0,"pid":7,"scheme":"unix","uid":0}')).join('\n'),
  );
  const error: unknown = await repairLevelLog(directory, sourceAt(exported)).catch((thrown: unknown) => thrown);
  assert.instance(error, ShiplogError);
  assert.is((error as ShiplogError).code, 'REQUEST_INVALID');
  assert.match((error as ShiplogError).message, 'log export --sealed');
});

test('given a table that the disk cannot read, when verified and opened, then its events are the damage; when repaired, then they are there again', async (context) => {
  const { directory, mirror } = context;
  const db = join(directory, 'db');
  const table = (await readdir(db)).find((name) => name.endsWith('.ldb')) ?? '';
  await rm(join(db, table));
  // Nothing is mapped at address 0: reading there answers EIO, as a bad sector does.
  await symlink('/proc/self/mem', join(db, table));
  assert.is((await errorOf(() => readFile(join(db, table))))?.code, 'EIO');
  const { damage: found } = await verifyLevelLog(directory);
  assert.ok(found.length > 0);
  assert.is((await errorOf(() => openLevelLog({ ...IDENTITY, directory })))?.code, 'LOG_CORRUPT');
  const { filled } = await repairLevelLog(directory, sourceAt(mirror));
  assert.ok(filled.length > 0);
  await expectWhole(context);
});

test('given a database without its end, when the witness knows it, then the end is filled in; without a witness, only what the head mark knows', async (context) => {
  const { directory, exported } = context;
  await damage(directory, /^\d+\.log$/, (bytes) => void bytes.fill(0));
  const { filled } = await repairLevelLog(directory, sourceAt(exported));
  assert.is(filled.at(-1)?.to, EVENTS - 1);
  await expectWhole(context);
});

test('given neither head mark nor witness, when repaired, then refused: nothing tells what the log led to', async ({
  directory,
  exported,
}) => {
  await rm(join(directory, 'witness'));
  for (const name of (await readdir(join(directory, 'db'))).filter((each) => /\.(ldb|log)$/.test(each)))
    await damage(directory, new RegExp(name.replace('.', '\\.')), (bytes) => void bytes.fill(0));
  assert.is((await errorOf(() => repairLevelLog(directory, sourceAt(exported))))?.code, 'LOG_CORRUPT');
});

/** Every file of a directory, its inode, size and time of change. */
async function filesOf(directory: string): Promise<readonly string[]> {
  const files = await readdir(directory, { recursive: true, withFileTypes: true });
  const stats = files.map(async ({ parentPath, name }) => {
    const { ino, size, mtimeMs } = await stat(join(parentPath, name));
    return `${parentPath}/${name} ${ino} ${size} ${mtimeMs}`;
  });
  return (await Promise.all(stats)).filter((line) => !line.startsWith(`${directory}/db `)).toSorted();
}

for (const then of ['opened', 'verified', 'repaired'] as const)
  test(`given a repair that was cut off when the damaged database had left its place, when ${then}, then the mended one has it`, async (context) => {
    const { directory, mirror, exported } = context;
    await rename(join(directory, 'db'), join(directory, 'db.damaged'));
    await cp(join(mirror, 'db'), join(directory, 'db.mended'), { recursive: true });
    if (then === 'verified') assert.equal((await verifyLevelLog(directory)).damage, []);
    if (then === 'repaired') assert.equal((await repairLevelLog(directory, sourceAt(exported))).filled, []);
    await expectWhole(context);
    assert.not((await readdir(directory)).includes('db.mended'));
  });

test('given a repair that was cut off before the damaged database left its place, when repaired, then from the source, and nothing is left', async (context) => {
  const { directory, exported } = context;
  await damage(directory, /\.ldb$/, zero);
  await mkdir(join(directory, 'db.mended'));
  await repairLevelLog(directory, sourceAt(exported));
  await expectWhole(context);
  assert.not((await readdir(directory)).includes('db.mended'));
});

for (const [what, line] of [
  ['no caller', '{"seq":5}'],
  ['a caller that is none', '{"actor":null,"seq":5}'],
  ['more depth than any event', `{"actor":{"scheme":"system"},"data":${'['.repeat(1_000_000)}${']'.repeat(1_000_000)},"seq":5}`],
  ['a boundary without a state', '{"kind":"boundary"}'],
] as const)
  test(`given an export with a line that has ${what}, when read as a source, then refused`, async ({ temporary }) => {
    const path = join(temporary.path, 'odd');
    await writeFile(path, `${line}\n`);
    assert.is((await errorOf(() => sourceAt(path).events([{ from: 0, to: 9 }])))?.code, 'REQUEST_INVALID');
  });

test('given a whole log, when verified or repaired, then nothing of it changes', async (context) => {
  const { directory, exported } = context;
  const before = await filesOf(directory);
  const verification = await verifyLevelLog(directory);
  assert.equal(await filesOf(directory), before);
  assert.equal(await repairLevelLog(directory, sourceAt(exported)), { filled: [], verification });
  assert.equal(await filesOf(directory), before);
  await expectWhole(context);
});

for (const state of ['whole', 'damaged'] as const) {
  test(`given a ${state} log that another process has open, when repaired or verified, then refused, and nothing that it appends is lost`, async ({
    directory,
    mirror,
    exported,
  }) => {
    const holder = await hold(directory);
    try {
      if (state === 'damaged') await damage(directory, /\.ldb$/, zero);
      const before = await readdir(directory);
      for (const attempt of [() => repairLevelLog(directory, sourceAt(exported)), () => verifyLevelLog(directory)]) {
        assert.is((await errorOf(attempt))?.code, 'ENGINE_LOCKED');
        assert.equal(await readdir(directory), before);
      }
      const exit = once(holder, 'exit');
      holder.send('end');
      assert.equal(await exit, [0, null]);
    } finally {
      holder.kill('SIGKILL');
    }
    if (state === 'damaged') await repairLevelLog(directory, sourceAt(mirror));
    assert.is((await verifyLevelLog(directory)).events, EVENTS + 40);
  });
}

async function hold(directory: string): Promise<ChildProcess> {
  const holder = fork(fileURLToPath(new URL('log-holder.test.script.js', import.meta.url)), [directory]);
  const [answer] = (await once(holder, 'message')) as unknown[];
  assert.is(answer, 'open');
  return holder;
}

test.run();
