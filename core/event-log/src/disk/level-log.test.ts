// time limit: 180 s
import { cp, mkdir, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { openLevelLog, verifyLevelLog } from './level-log.ts';
import { all, errorOf, IDENTITY, samples } from '../samples.test.util.ts';

const test = suite<{ temporary: TemporaryDirectory; directory: string }>('the files of a log');

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  context.directory = join(context.temporary.path, 'log');
});
test.after.each((context) => context.temporary.cleanup());

/** 60 commits of 8 events. All in the write-ahead log; with `tables`, the first half in a table. */
async function fill(directory: string, tables: boolean): Promise<number> {
  let log = await openLevelLog({ ...IDENTITY, directory });
  for (let from = 0; from < 480; from += 8) {
    if (tables && from === 240) {
      await log.close();
      log = await openLevelLog({ ...IDENTITY, directory });
    }
    await log.append(samples(from, from + 8)).durable;
  }
  await log.close();
  return 480;
}

async function file(directory: string, name: RegExp): Promise<string> {
  const found = (await readdir(join(directory, 'db'))).filter((entry) => name.test(entry));
  return join(directory, 'db', found.at(-1) ?? 'none');
}

/** Opens a damaged copy: it must hold everything, or refuse and name a range. Returns which. */
async function open(directory: string, count: number, what: string): Promise<'whole' | 'refused'> {
  let found = 0;
  const error = await errorOf(async () => {
    const log = await openLevelLog({ ...IDENTITY, directory });
    try {
      for await (const event of log.read()) assert.is(event.seq, found++);
    } finally {
      await log.close();
    }
  });
  if (error === undefined) {
    assert.is(found, count, `${what}: ${found} events and no error`);
    return 'whole';
  }
  assert.is(error.code, 'LOG_CORRUPT', `${what}: ${String(error)}`);
  const { from, to } = error.facts as { from: number; to: number };
  assert.ok(from >= 0 && to >= from && to < count, `${what}: ${from} to ${to}`);
  return 'refused';
}

async function sweep(directory: string, temporary: string, path: string, count: number, points: number): Promise<number> {
  const { size } = await stat(path);
  const name = path.slice(directory.length);
  let refused = 0;
  for (let point = 0; point < points; point++) {
    const at = Math.floor((size * (point + 0.37)) / points);
    for (const kind of ['flip', 'zero', 'cut'] as const) {
      const copy = join(temporary, 'copy');
      await cp(directory, copy, { recursive: true });
      if (kind === 'cut') await truncate(join(copy, name), at);
      else {
        const bytes = await readFile(join(copy, name));
        if (kind === 'flip') bytes[at] = (bytes[at] ?? 0) ^ 0x10;
        else bytes.fill(0, at, Math.min(at + 64, bytes.length));
        await writeFile(join(copy, name), bytes);
      }
      if ((await open(copy, count, `${kind} at ${at} of ${name}`)) === 'refused') refused++;
      await rm(copy, { recursive: true });
    }
  }
  return refused;
}

test('given the write-ahead log flipped, zeroed or cut anywhere, when opened, then whole or refused, never less', async ({
  temporary,
  directory,
}) => {
  const count = await fill(directory, false);
  const refused = await sweep(directory, temporary.path, await file(directory, /\.log$/), count, 25);
  assert.ok(refused > 60, `${refused} of 75 refused`);
});

test('given a table flipped, zeroed or cut anywhere, when opened, then whole or refused, never less', async ({ temporary, directory }) => {
  const count = await fill(directory, true);
  const refused = await sweep(directory, temporary.path, await file(directory, /\.ldb$/), count, 15);
  assert.ok(refused > 30, `${refused} of 45 refused`);
});

test('given the manifest or the witness damaged, when opened, then whole or refused, never less', async ({ temporary, directory }) => {
  const count = await fill(directory, true);
  await sweep(directory, temporary.path, await file(directory, /^MANIFEST/), count, 6);
  assert.is(await sweep(directory, temporary.path, join(directory, 'witness'), count, 6), 0);
});

test('given any file of the database deleted, or all of it, when opened, then whole or refused, and nothing is made over it', async ({
  temporary,
  directory,
}) => {
  const count = await fill(directory, true);
  const refused: string[] = [];
  for (const name of [...(await readdir(join(directory, 'db'))), '']) {
    const copy = join(temporary.path, 'copy');
    await cp(directory, copy, { recursive: true });
    await rm(join(copy, 'db', name), { recursive: true });
    if ((await open(copy, count, `without db/${name}`)) === 'refused') refused.push(name);
    await rm(copy, { recursive: true });
  }
  assert.ok(refused.includes('CURRENT') && refused.includes(''), refused.join());
  assert.ok(refused.some((name) => name.endsWith('.log')) && refused.some((name) => name.endsWith('.ldb')), refused.join());
});

test('given a log that refuses to open, when verified, then all damage is reported', async ({ directory }) => {
  await fill(directory, false);
  const path = await file(directory, /\.log$/);
  const bytes = await readFile(path);
  bytes.fill(0, Math.floor(bytes.length / 2), Math.floor(bytes.length / 2) + 100);
  await writeFile(path, bytes);
  const { damage, events } = await verifyLevelLog(directory);
  assert.ok(damage.length > 0 && events < 480, JSON.stringify({ damage, events }));
  const missing = damage.reduce((sum, { from, to }) => sum + to - from + 1, 0);
  assert.is(events + missing, 480, JSON.stringify(damage));
});

test('given a first opening that power loss cut off, when opened, then it is begun again', async ({ directory }) => {
  await mkdir(join(directory, 'db'), { recursive: true });
  await writeFile(join(directory, 'fresh'), '');
  await writeFile(join(directory, 'db/CURRENT'), 'MANIFEST-000001\n');
  await writeFile(join(directory, 'db/MANIFEST-000001'), '');
  const log = await openLevelLog({ ...IDENTITY, directory });
  await log.append(samples(0, 3)).durable;
  await log.close();
  assert.not((await readdir(directory)).includes('fresh'));
  const again = await openLevelLog({ ...IDENTITY, directory });
  assert.is((await all(again.read())).length, 3);
  await again.close();
});

test('given the same state without the marker, when opened, then refused and nothing is removed', async ({ directory }) => {
  await mkdir(join(directory, 'db'), { recursive: true });
  await writeFile(join(directory, 'db/CURRENT'), 'MANIFEST-000001\n');
  await writeFile(join(directory, 'db/MANIFEST-000001'), '');
  assert.is((await errorOf(() => openLevelLog({ ...IDENTITY, directory })))?.code, 'LOG_CORRUPT');
  assert.ok((await readdir(join(directory, 'db'))).includes('MANIFEST-000001'));
});

test('given a log that is open, when opened once more, then ENGINE_LOCKED and the first goes on', async ({ directory }) => {
  const log = await openLevelLog({ ...IDENTITY, directory });
  assert.is((await errorOf(() => openLevelLog({ ...IDENTITY, directory })))?.code, 'ENGINE_LOCKED');
  await log.append(samples(0, 1)).durable;
  await log.close();
});

test('given what a verification or a repair left that was killed, when the log is opened, then it is removed: it may have events that are pruned', async ({
  directory,
}) => {
  await (await openLevelLog({ ...IDENTITY, directory })).close();
  const left = ['db.copy', 'db.held', 'db.rebuilt'];
  for (const name of left) {
    await mkdir(join(directory, name));
    await writeFile(join(directory, name, '000005.ldb'), 'events');
  }
  await (await openLevelLog({ ...IDENTITY, directory })).close();
  const names = await readdir(directory);
  assert.not(
    left.some((name) => names.includes(name)),
    names.join(),
  );
});

test.run();
