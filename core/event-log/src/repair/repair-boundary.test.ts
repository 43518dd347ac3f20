// time limit: 180 s
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TemporaryDirectory, temporaryDirectory } from '@shiplog/test-support';
import type { EventLog } from '@shiplog/contracts';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { canonicalJson } from '../append/canonical-json.ts';
import { BODY, sealFrame } from '../stored/frame.ts';
import { openLevelLog, repairLevelLog, verifyLevelLog } from '../disk/level-log.ts';
import { sourceAt } from './repair-source.ts';
import { rewriteDatabase } from '../rewrite.test.util.ts';
import { all, counter, errorOf, IDENTITY, samples, STAMP } from '../samples.test.util.ts';

interface Context {
  temporary: TemporaryDirectory;
  /** A log that was pruned, a copy of it, and exports from before and after. */
  directory: string;
  mirror: string;
  old: string;
  exported: string;
  /** The first position that is kept. */
  first: number;
  head: string;
}

const test = suite<Context>('repair of what stands for pruned events');

const EVENTS = 600;

function stateOf(first: number): object {
  return { schema: 1, seq: first - 1, containers: [['a', { id: 'a' }]] };
}

async function prune(log: EventLog, first: number, isCutOff = false): Promise<void> {
  await log.prune(first, Buffer.from(canonicalJson(stateOf(first))), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
    if (isCutOff) throw new Error('cut off');
  });
}

async function seal(log: EventLog, before: number): Promise<number> {
  for await (const _ of log.seal(before));
  return log.sealedSeq + 1;
}

async function writeExport(path: string, log: EventLog): Promise<void> {
  const boundary = await log.boundary();
  const state: unknown = boundary && JSON.parse(Buffer.from(boundary.state).toString());
  const lines = (await all(log.read())).map((event) => JSON.stringify(event));
  if (boundary !== undefined) lines.unshift(JSON.stringify({ v: 1, kind: 'boundary', first: boundary.seq + 1, state }));
  await writeFile(path, `${lines.join('\n')}\n`);
}

test.before.each(async (context) => {
  context.temporary = await temporaryDirectory();
  for (const name of ['directory', 'mirror', 'old', 'exported'] as const) context[name] = join(context.temporary.path, name);
  const log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId: counter() });
  for (let at = 0; at < EVENTS; at += 12) await log.append(samples(at, at + 12)).durable;
  await writeExport(context.old, log);
  context.first = await seal(log, 400);
  await prune(log, context.first);
  await writeExport(context.exported, log);
  context.head = (await log.verify()).head;
  await log.close();
  await cp(context.directory, context.mirror, { recursive: true });
  await rm(join(context.mirror, 'archive', 'boundary'));
});
test.after.each((context) => context.temporary.cleanup());

/** Flips a bit of some values, or drops them, or changes them with a checksum that fits. */
const DAMAGE: { readonly [how: string]: (value: Buffer) => Buffer | undefined } = {
  'a bit of it flipped': (value) => {
    const changed = Buffer.from(value);
    changed[BODY + 3] = (changed[BODY + 3] ?? 0) ^ 1;
    return changed;
  },
  gone: () => undefined,
  'another one, with a checksum that fits': forged,
};

function forged(value: Buffer): Buffer {
  const changed = Buffer.from(value);
  changed[changed.length - 2] = (changed[changed.length - 2] ?? 0) ^ 1;
  sealFrame(changed);
  return changed;
}

const isState = (key: string): boolean => key === 'base/state';
const isIndex = (key: string): boolean => key.startsWith('base/index');
const isPosition = (key: string): boolean => key === 'base';
const isBase = (key: string): boolean => key.startsWith('base');

/** Also takes the copy beside the archives away. */
async function damage(context: Context, isPart: (key: string) => boolean, how: (value: Buffer) => Buffer | undefined): Promise<void> {
  await rewriteDatabase(context.directory, (key, value) => (isPart(key) ? how(value) : value));
  await rm(join(context.directory, 'archive', 'boundary'));
}

/** That the log is as it was, begins at `first`, and goes on. */
async function expectWhole({ directory, head }: Context, first: number): Promise<void> {
  assert.equal(await verifyLevelLog(directory), { from: first, events: EVENTS + 1 - first, head, damage: [] });
  const log = await openLevelLog({ ...IDENTITY, directory });
  assert.is(log.firstSeq, first);
  const boundary = await log.boundary();
  assert.is(boundary && Buffer.from(boundary.state).toString(), first === 0 ? undefined : canonicalJson(stateOf(first)));
  const { events, durable } = log.append(samples(3, 4));
  await durable;
  assert.equal([events[0]?.seq, events[0]?.rev], [EVENTS + 1, Math.floor((EVENTS - 4) / 7) + 1]);
  assert.is((await all(log.read())).length, EVENTS + 2 - first);
  await log.close();
}

for (const [what, isPart] of [
  ['the state', isState],
  ['the index page', isIndex],
  ['the position', isPosition],
  ['all', isBase],
] as const)
  test(`given ${what} of what stands for pruned events damaged or gone, when the log is verified, opened or asked, then the range that is gone is told`, async (context) => {
    const { directory, first } = context;
    for (const how of ['a bit of it flipped', 'gone']) {
      const copy = join(context.temporary.path, how);
      await cp(directory, copy, { recursive: true });
      await rewriteDatabase(copy, (key, value) => (isPart(key) ? DAMAGE[how]?.(value) : value));
      const told = (await verifyLevelLog(copy)).damage.map(({ from, to }) => [from, to]);
      assert.equal(told[0], [0, first - 1], how);
      assert.ok(told.every(([, to]) => to !== undefined && to < first));
      const error = await errorOf(async () => {
        const log = await openLevelLog({ ...IDENTITY, directory: copy });
        await log.boundary().finally(() => log.close());
      });
      const { from, to } = (error?.facts ?? {}) as { from?: number; to?: number };
      assert.equal([error?.code, from, to], ['LOG_CORRUPT', 0, first - 1], how);
    }
  });

for (const [how, change] of Object.entries(DAMAGE)) {
  for (const [what, isPart] of [
    ['the state', isState],
    ['the index page', isIndex],
    ['the position', isPosition],
    ['all', isBase],
  ] as const) {
    test(`given ${what} of what stands for pruned events, ${how}, when the log is repaired from a copy, then it is as it was`, async (context) => {
      await damage(context, isPart, change);
      const { filled, boundary, verification } = await repairLevelLog(context.directory, sourceAt(context.mirror));
      assert.equal([filled, boundary, verification.damage], [[], context.first, []]);
      await expectWhole(context, context.first);
    });
  }

  test(`given a state that stands for pruned events, ${how}, when the log is repaired from an export, then it is as it was`, async (context) => {
    await damage(context, isState, change);
    const { boundary } = await repairLevelLog(context.directory, sourceAt(context.exported));
    assert.is(boundary, context.first);
    await expectWhole(context, context.first);
  });
}

test('given another position where the log is to begin, with a checksum that fits, when opened or verified, then it is refused', async (context) => {
  const { directory } = context;
  await damage(context, isPosition, forged);
  assert.is((await errorOf(() => openLevelLog({ ...IDENTITY, directory })))?.code, 'LOG_CORRUPT');
  assert.ok((await verifyLevelLog(directory)).damage.length > 0);
});

test('given what stands for pruned events gone from the database, when the log is repaired, then it is taken from the copy beside the archives', async (context) => {
  const copy = join(context.directory, 'archive', 'boundary');
  const bytes = await readFile(copy);
  await damage(context, isBase, () => undefined);
  await writeFile(copy, bytes.subarray(0, -5));
  assert.is((await errorOf(() => repairLevelLog(context.directory, sourceAt(context.exported))))?.code, 'LOG_CORRUPT');
  await writeFile(copy, bytes);
  assert.is((await repairLevelLog(context.directory, sourceAt(context.exported))).boundary, context.first);
  await expectWhole(context, context.first);
});

test('given an index page that is gone, when the source has neither it nor the events, then refused with the range that is gone, and the log is as it was', async (context) => {
  await damage(context, isIndex, () => undefined);
  const table = await readFile(join(context.directory, 'db', 'CURRENT'));
  const error = await errorOf(() => repairLevelLog(context.directory, sourceAt(context.exported)));
  assert.is(error?.code, 'LOG_CORRUPT');
  const { from, to } = (error?.facts ?? {}) as { from?: number; to?: number };
  assert.equal([from, to], [0, context.first - 1]);
  assert.equal(await readFile(join(context.directory, 'db', 'CURRENT')), table);
  await repairLevelLog(context.directory, sourceAt(context.mirror));
  await expectWhole(context, context.first);
});

test('given what stands for pruned events gone, when the source has the events themselves, then they are in the log again', async (context) => {
  await damage(context, isBase, () => undefined);
  const { filled, boundary } = await repairLevelLog(context.directory, sourceAt(context.old));
  assert.equal([filled, boundary], [[{ from: 0, to: context.first - 1 }], undefined]);
  await expectWhole(context, 0);
});

test('given a source with another state, when the log is repaired from it, then it is not taken', async (context) => {
  await damage(context, isState, () => undefined);
  const lines = (await readFile(context.exported, 'utf8')).replace('"id":"a"', '"id":"b"');
  await writeFile(context.exported, lines);
  assert.is((await errorOf(() => repairLevelLog(context.directory, sourceAt(context.exported))))?.code, 'LOG_CORRUPT');
});

test('given events damaged and what stands for others gone, when the log is repaired from a copy, then both are there again', async (context) => {
  let dropped = 0;
  await rewriteDatabase(context.directory, (key, value) => (isBase(key) || (key.startsWith('s') && dropped++ < 2) ? undefined : value));
  const { filled, boundary } = await repairLevelLog(context.directory, sourceAt(context.mirror));
  assert.is(boundary, context.first);
  assert.is(filled[0]?.from, context.first);
  await expectWhole(context, context.first);
});

test('given a prune that was cut off behind its record, when what stands for an earlier one is repaired, then the log begins where it did', async (context) => {
  const log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId: counter() });
  const second = await seal(log, 550);
  await errorOf(() => prune(log, second, true));
  await log.close();
  await damage(context, isBase, () => undefined);
  const { boundary, verification } = await repairLevelLog(context.directory, sourceAt(context.mirror));
  assert.equal([boundary, verification.from, verification.events], [context.first, context.first, EVENTS + 2 - context.first]);
});

test('given files of a prune that have not gone yet, when the log is repaired, then it begins where it did', async (context) => {
  const log = await openLevelLog({ ...IDENTITY, directory: context.directory, newId: counter() });
  const second = await seal(log, 550);
  const archives = join(context.temporary.path, 'archives');
  await cp(join(context.directory, 'archive'), archives, { recursive: true });
  await prune(log, second);
  await log.close();
  await cp(archives, join(context.directory, 'archive'), { recursive: true });
  const { filled, verification } = await repairLevelLog(context.directory, sourceAt(context.mirror));
  assert.equal([filled, verification.from, verification.damage], [[], second, []]);
});

test.run();
