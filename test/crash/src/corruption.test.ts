// time limit: 300 s
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { AppendRequest, EventLog, ShiplogEvent } from '@shiplog/contracts';
import { openLevelLog } from '@shiplog/event-log';

const test = suite('single bytes');

/** Memory, where fsync costs nothing: what is tested is what is read back. */
const MEMORY = '/dev/shm';
const POINTS = 5000;
const POINTS_PRUNED = 2500;

const IDENTITY = { boot: 'boot-1', inst: 'inst-1' };
const STAMP = { op: 'op', corr: 'corr', t: '1700000000000000000', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;
const STATE = 'what stands for the events that are gone';

/** Events `from` to before `to`, of seven streams. */
function samples(from: number, to: number): AppendRequest {
  const events = Array.from({ length: to - from }, (_, index) => {
    const id = String((from + index) % 7);
    return { stream: `container/${id}`, type: 'container.oom', kind: 'observed', data: { id, kills: from + index } } as const;
  });
  return { stamp: STAMP, events };
}

async function all(events: AsyncIterable<ShiplogEvent>): Promise<ShiplogEvent[]> {
  const found: ShiplogEvent[] = [];
  for await (const event of events) found.push(event);
  return found;
}

/** A generator of the same numbers each time (a linear congruential one). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

/** Some tables, a write-ahead log, and a witness. */
async function small(directory: string): Promise<void> {
  let ids = 0;
  const newId = (): string => String(ids++).padStart(8, '0');
  for (const [from, to] of [
    [0, 90],
    [90, 180],
    [180, 300],
  ] as const) {
    const log = await openLevelLog({ ...IDENTITY, directory, newId });
    for (let at = from; at < to; at += 6) await log.append(samples(at, at + 6)).durable;
    await log.snapshots.put('state-1', { seq: to - 1, bytes: Buffer.alloc(2000, 'state') });
    await log.close();
  }
}

/** The same with archives, of which some went. */
async function sealedAndPruned(directory: string): Promise<void> {
  await small(directory);
  const log = await openLevelLog({ ...IDENTITY, directory });
  const ends: number[] = [];
  for (const before of [100, 200]) for await (const { last } of log.seal(before)) ends.push(last + 1);
  const [first = 0] = ends;
  await log.prune(first, Buffer.from(STATE), async (data) => {
    await log.append({ stamp: STAMP, events: [{ stream: 'engine', type: 'log.bounded', kind: 'meta', data }] }).durable;
  });
  await log.close();
}

/** What a log answers. */
interface Answers {
  /** Events that are kept. */
  readonly first: number;
  readonly texts: readonly string[];
  readonly stream: number;
  readonly root: string;
}

async function answersOf(directory: string): Promise<Answers> {
  const log = await openLevelLog({ ...IDENTITY, directory });
  try {
    const texts = (await all(log.read())).map((event) => JSON.stringify(event));
    return { first: log.firstSeq, texts, stream: (await all(log.readStream('container/3'))).length, root: await rootOf(log) };
  } finally {
    await log.close();
  }
}

async function rootOf(log: EventLog): Promise<string> {
  return Buffer.from(await log.tree.root()).toString('hex');
}

async function filesOf(directory: string): Promise<{ readonly path: string; readonly size: number }[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => relative(directory, join(entry.parentPath, entry.name)));
  const sized = await Promise.all(paths.map(async (path) => ({ path, size: (await stat(join(directory, path))).size })));
  return sized.filter(({ size }) => size > 0);
}

/** One byte to change. */
interface Change {
  readonly number: number;
  readonly path: string;
  readonly at: number;
  readonly to: (before: number) => number;
}

/** Changes over all files by their sizes, and some of each file, however small it is beside the others. */
function* changesOf(
  wanted: number,
  files: readonly { readonly path: string; readonly size: number }[],
): Generator<Change, void, undefined> {
  const random = numbers(17);
  const total = files.reduce((sum, { size }) => sum + size, 0);
  let number = 0;
  for (const { path, size } of files) {
    const points = Math.max(Math.min(size, 40), Math.ceil((wanted * size) / total));
    for (let point = 0; point < points; point++) {
      const at = points >= size ? point % size : Math.floor(random() * size);
      const bit = 1 << Math.floor(random() * 8);
      yield { number: number++, path, at, to: (before) => (point % 4 === 0 && before !== 0 ? 0 : before ^ bit) };
    }
  }
}

/** `harmless`: every answer is the same. `reported`: one is refused with a range, and all that came before the refusal is the same. */
async function fate(directory: string, { first, texts, stream, root }: Answers, what: string): Promise<'harmless' | 'reported'> {
  const end = first + texts.length;
  let seen = first;
  let whole = false;
  let error: { readonly code?: string; readonly facts?: unknown } | undefined;
  try {
    const log = await openLevelLog({ ...IDENTITY, directory });
    try {
      assert.equal([log.firstSeq, log.admittedSeq], [first, end - 1], `${what}: beginning and end of the log`);
      for await (const event of log.read()) assert.is(JSON.stringify(event), texts[seen++ - first], what);
      assert.is(seen, end, `${what}: events are missing`);
      whole = true;
      assert.is((await all(log.readStream('container/3'))).length, stream, `${what}: the stream`);
      assert.is(await rootOf(log), root, `${what}: the root`);
      const boundary = await log.boundary();
      assert.is(boundary && Buffer.from(boundary.state).toString(), first === 0 ? undefined : STATE, `${what}: the boundary`);
      const snapshot = await log.snapshots.nearest('state-1', end);
      assert.ok(snapshot === undefined || Buffer.from(snapshot.bytes).equals(Buffer.alloc(2000, 'state')), `${what}: the snapshot`);
    } finally {
      await log.close();
    }
  } catch (thrown) {
    error = thrown as typeof error;
  }
  if (error === undefined) return 'harmless';
  assert.is(error.code, 'LOG_CORRUPT', `${what}: ${String(error)}`);
  const { from, to } = error.facts as { readonly from: number; readonly to: number };
  assert.ok(from >= 0 && to >= from && to < end && (whole || seen <= to || to < first), `${what}: ${from} to ${to} after ${seen}`);
  return 'reported';
}

for (const [what, make, points] of [
  ['a log', small, POINTS],
  ['a log that was sealed and pruned', sealedAndPruned, POINTS_PRUNED],
] as const)
  test(`given ${points} single bytes changed, one at a time, over all files of ${what}, when opened and read, then each is harmless or reported with its range`, async () => {
    const scratch = await mkdtemp(join((await stat(MEMORY).catch(() => undefined)) === undefined ? tmpdir() : MEMORY, 'shiplog-test-'));
    try {
      const original = join(scratch, 'log');
      await make(original);
      const reference = join(scratch, 'reference');
      await cp(original, reference, { recursive: true });
      const expected = await answersOf(reference);
      assert.ok(expected.texts.length >= 200);

      const fates: Record<string, { harmless: number; reported: number }> = {};
      const changes = changesOf(points, await filesOf(original));
      const worker = async (): Promise<void> => {
        for (let change = changes.next(); change.done !== true; change = changes.next()) {
          const { number, path, at, to } = change.value;
          const copy = join(scratch, `copy-${number}`);
          await cp(original, copy, { recursive: true });
          const bytes = await readFile(join(copy, path));
          const before = bytes[at] ?? 0;
          bytes[at] = to(before);
          await writeFile(join(copy, path), bytes);
          const counted = (fates[path] ??= { harmless: 0, reported: 0 });
          counted[await fate(copy, expected, `byte ${at} of ${path}, ${before} to ${bytes[at]}`)]++;
          await rm(copy, { recursive: true });
        }
      };
      // All end before anything is removed.
      for (const ended of await Promise.allSettled(Array.from({ length: 8 }, worker))) if (ended.status === 'rejected') throw ended.reason;
      const counts = Object.values(fates);
      const sum = (of: 'harmless' | 'reported'): number => counts.reduce((all, each) => all + each[of], 0);
      process.stdout.write(`${sum('reported')} reported, ${sum('harmless')} harmless: ${JSON.stringify(fates)}\n`);
      assert.ok(sum('reported') + sum('harmless') >= points);
      assert.ok(sum('reported') > points / 10);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });

test.run();
