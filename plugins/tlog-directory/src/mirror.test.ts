import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import { TlogError } from '@shiplog/tlog';
import { checkDirectory } from './check-directory.ts';
import { MemorySource } from './memory-source.test.double.ts';
import { mirror } from './mirror.ts';
import { TlogDirectory } from './tlog-directory.ts';

const test = suite('tlog directory');

const some = (count: number): Buffer[] => Array.from({ length: count }, (_, index) => Buffer.from(`{"seq":${index}}`));
const LARGE = Buffer.alloc(100_000, 'x');

async function filesOf(path: string): Promise<ReadonlyMap<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const file = join(entry.parentPath, entry.name);
    files.set(file.slice(path.length + 1), (await readFile(file)).toString('base64'));
  }
  return files;
}

async function refusal(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    if (error instanceof TlogError) return error.message;
    throw error;
  }
  throw new Error('it was not refused');
}

test('given logs of many sizes, when they are mirrored, then the directory has the tiles of C2SP, and can be checked', async () => {
  for (const size of [0, 1, 255, 256, 257, 700]) {
    await using temporary = await temporaryDirectory();
    const directory = new TlogDirectory(temporary.path);
    const source = new MemorySource(some(size));
    assert.equal((await mirror(source, directory, [source.verifier])).added, size);
    assert.is((await checkDirectory(directory, { log: [source.verifier] })).size, size);
    const files = [...(await filesOf(temporary.path)).keys()].toSorted();
    if (size === 700) {
      assert.equal(files, [
        'checkpoint',
        'tile/0/000',
        'tile/0/001',
        'tile/0/002.p/188',
        'tile/1/000.p/2',
        'tile/entries/000',
        'tile/entries/001',
        'tile/entries/002.p/188',
      ]);
    }
  }
});

test('given a mirror of a log that grows, when it is repeated, then only what is new is fetched, and the same files come of it', async () => {
  await using step = await temporaryDirectory();
  await using once = await temporaryDirectory();
  const source = new MemorySource(some(10));
  const directory = new TlogDirectory(step.path);
  let before = 0;
  for (const size of [10, 10, 256, 300, 1000]) {
    source.entries.splice(0, Infinity, ...some(size));
    source.asked.length = 0;
    const { added } = await mirror(source, directory, [source.verifier]);
    assert.is(added, size - before);
    const first = Math.floor(before / 256);
    assert.is(
      source.asked.length,
      size === before && size !== 10 ? 0 : size === before ? source.asked.length : Math.ceil(size / 256) - first,
    );
    await checkDirectory(directory, { log: [source.verifier] });
    before = size;
  }
  await mirror(source, new TlogDirectory(once.path), [source.verifier]);
  const [stepwise, atOnce] = [await filesOf(step.path), await filesOf(once.path)];
  // Partial tiles of the upper levels stay: the checkpoints they were for may still be somewhere.
  for (const [name, content] of atOnce) assert.is(stepwise.get(name), content, name);
  assert.equal(
    [...stepwise.keys()].filter((name) => !atOnce.has(name) && !name.startsWith('tile/1/000.p/')),
    [],
  );
});

for (const [before, kept, after] of [
  [300, 290, 310],
  [300, 300, 900],
  [512, 500, 700],
  [200, 120, 256],
] as const)
  test(`given a mirror of ${before} entries whose log forgot those before ${kept}, when it is repeated at ${after}, then it is as if nothing had gone`, async () => {
    await using temporary = await temporaryDirectory();
    const directory = new TlogDirectory(join(temporary.path, 'mirror'));
    const source = new MemorySource(some(before));
    await mirror(source, directory, [source.verifier]);
    source.entries.splice(0, Infinity, ...some(after).with(after - 1, LARGE));
    source.kept = kept;
    assert.is((await mirror(source, directory, [source.verifier])).added, after - before);
    assert.is((await checkDirectory(directory, { log: [source.verifier] })).size, after);
    source.kept = 0;
    const whole = new TlogDirectory(join(temporary.path, 'whole'));
    await mirror(source, whole, [source.verifier]);
    const [files, expected] = [await filesOf(directory.path), await filesOf(whole.path)];
    for (const [name, bytes] of expected) assert.is(files.get(name), bytes, name);
  });

test('given a mirror that lacks what its log forgot, when it is repeated, then that is said, and it is as it was', async () => {
  await using temporary = await temporaryDirectory();
  const directory = new TlogDirectory(temporary.path);
  const source = new MemorySource(some(300));
  await mirror(source, directory, [source.verifier]);
  source.entries.splice(0, Infinity, ...some(400));
  source.kept = 301;
  const error: unknown = await mirror(source, directory, [source.verifier]).catch((thrown: unknown) => thrown);
  assert.is((error as { readonly code?: string }).code, 'LOG_PRUNED');
  assert.is((await checkDirectory(directory, { log: [source.verifier] })).size, 300);
});

test('given data larger than an entry may be, when it is mirrored, then it lies beside the tiles, and is checked', async () => {
  await using temporary = await temporaryDirectory();
  const directory = new TlogDirectory(temporary.path);
  const source = new MemorySource([...some(3), LARGE, ...some(2)]);
  await mirror(source, directory, [source.verifier]);
  const [name = ''] = await readdir(join(temporary.path, 'large'));
  assert.equal(await readFile(join(temporary.path, 'large', name)), LARGE);
  await writeFile(join(temporary.path, 'large', name), 'other');
  assert.match(await refusal(checkDirectory(directory, { log: [source.verifier] })), /entry 3 is not what was logged/);
  await rm(join(temporary.path, 'large', name));
  assert.match(await refusal(checkDirectory(directory, { log: [source.verifier] })), /is missing/);
});

test('given a log that rewrote its history or cut it, when it is mirrored again, then that is refused, and the directory stays good', async () => {
  await using temporary = await temporaryDirectory();
  const directory = new TlogDirectory(temporary.path);
  const source = new MemorySource(some(700));
  const trust = [source.verifier];
  await mirror(source, directory, trust);
  const forged = (at: number, size: number): MemorySource => source.fork(some(size).with(at, Buffer.from('forged')));
  assert.match(await refusal(mirror(forged(3, 1000), directory, trust)), /history is not the one/);
  assert.match(await refusal(mirror(forged(690, 1000), directory, trust)), /entry 690 is not the one mirrored before/);
  assert.match(await refusal(mirror(source.fork(some(600)), directory, trust)), /the log was cut/);
  assert.match(await refusal(mirror(new MemorySource(some(1000)), directory, trust)), /no signature|wrong/);
  assert.is((await checkDirectory(directory, { log: trust })).size, 700);
  await mirror(source.fork(some(1000)), directory, trust);
  assert.is((await checkDirectory(directory, { log: trust })).size, 1000);
});

test('given a mirror that was interrupted after any number of files, when it is repeated, then it is as if nothing had been', async () => {
  await using temporary = await temporaryDirectory();
  const directory = new TlogDirectory(temporary.path);
  const source = new MemorySource(some(300));
  await mirror(source, directory, [source.verifier]);
  source.entries.splice(0, Infinity, ...some(1100));
  for (let fetched = 0; fetched < 4; fetched++) {
    let left = fetched;
    const broken = {
      checkpoint: () => source.checkpoint(),
      data: (index: number) => source.data(index),
      resource: (path: string) => (left-- > 0 ? source.resource(path) : Promise.reject(new TlogError('missing', 'cut off'))),
    };
    assert.is(await refusal(mirror(broken, directory, [source.verifier])), 'cut off');
    assert.is((await checkDirectory(directory, { log: [source.verifier] })).size, 300);
  }
  await mirror(source, directory, [source.verifier]);
  assert.is((await checkDirectory(directory, { log: [source.verifier] })).size, 1100);
});

test('given a directory, when any of its files is changed or gone, then the check refuses it', async () => {
  await using temporary = await temporaryDirectory();
  const directory = new TlogDirectory(temporary.path);
  const source = new MemorySource(some(700));
  await mirror(source, directory, [source.verifier]);
  for (const name of (await filesOf(temporary.path)).keys()) {
    const path = join(temporary.path, name);
    const good = await readFile(path);
    for (const bad of [
      good.subarray(0, -1),
      Buffer.concat([good, good.subarray(0, 32)]),
      Buffer.from(good.map((byte, at) => (at === good.length >> 1 ? byte ^ 1 : byte))),
    ]) {
      await writeFile(path, bad);
      await refusal(checkDirectory(directory, { log: [source.verifier] }));
    }
    await rm(path);
    await refusal(checkDirectory(directory, { log: [source.verifier] }));
    await writeFile(path, good);
  }
  await checkDirectory(directory, { log: [source.verifier] });
});

test.run();
