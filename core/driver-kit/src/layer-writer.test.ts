import { link, lstat, mkdir, mkdtemp, readFile, readdir, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import type { LayerEntry } from '@shiplog/oci';
import { type WhiteoutMode, applyLayer } from './layer-writer.ts';
import { type RecordingKernel, createRecordingKernel } from './testing/recording-kernel.ts';

interface World {
  home: string;
  root: string;
  kernel: RecordingKernel;
}

const MTIME_NS = 1_000_000_000_000_000_000n;
const test = suite<World>('driver-kit: applyLayer');

test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-layer-'));
  world.root = join(world.home, 'root');
  await mkdir(world.root);
  world.kernel = createRecordingKernel();
});
test.after.each(async ({ home }) => rm(home, { recursive: true, force: true }));

/** An entry of whoever runs the test, so that no root is needed. */
function entry(kind: LayerEntry['kind'], path: string, rest: Partial<LayerEntry> & { readonly text?: string } = {}): LayerEntry {
  const { text = '', ...given } = rest;
  return {
    path,
    kind,
    mode: kind === 'directory' ? 0o755 : 0o644,
    uid: process.getuid?.() ?? 0,
    gid: process.getgid?.() ?? 0,
    mtimeNs: MTIME_NS,
    size: Buffer.byteLength(text),
    xattrs: new Map(),
    ...(kind === 'file' ? { content: once(Buffer.from(text)) } : {}),
    ...given,
  };
}

async function* once(chunk: Uint8Array): AsyncGenerator<Uint8Array, void, undefined> {
  yield chunk;
}

async function* stream(entries: readonly LayerEntry[]): AsyncGenerator<LayerEntry, void, undefined> {
  yield* entries;
}

async function apply({ kernel, root }: World, whiteouts: WhiteoutMode, ...entries: LayerEntry[]): Promise<void> {
  await applyLayer({ kernel, root, whiteouts, entries: stream(entries) });
}

async function fails(work: Promise<unknown>, code: string): Promise<ShiplogError> {
  try {
    await work;
  } catch (error) {
    assert.instance(error, ShiplogError);
    if (!(error instanceof ShiplogError)) throw error;
    assert.is(error.code, code);
    return error;
  }
  throw new Error('it did not fail');
}

const marks = (kernel: RecordingKernel): readonly unknown[] =>
  kernel.calls.filter(({ call }) => call === 'files.mknod' || call === 'files.setXattr').map(({ args }) => args.slice(0, 2));

test('given files, directories and links, when they are written, then the tree has them and is synced last', async (world) => {
  const written = await applyLayer({
    kernel: world.kernel,
    root: world.root,
    whiteouts: 'remove',
    entries: stream([
      entry('directory', 'd', { mode: 0o700 }),
      entry('file', 'd/f', { text: 'hello', mode: 0o640 }),
      entry('hardlink', 'g', { linkTarget: 'd/f' }),
      entry('symlink', 's', { linkTarget: 'd' }),
      entry('file', 's/through', { text: 'abc' }),
    ]),
  });
  assert.equal(written, { bytes: 8, entries: 5, unsupportedXattrs: [] });
  assert.is(await readFile(join(world.root, 'g'), 'utf8'), 'hello');
  assert.is(await readlink(join(world.root, 's')), 'd');
  assert.equal((await readdir(join(world.root, 'd'))).toSorted(), ['f', 'through']);
  assert.is((await lstat(join(world.root, 'd'))).mode & 0o777, 0o700);
  assert.is((await lstat(join(world.root, 'd'))).mtimeMs, 1e12);
  assert.is(world.kernel.calls.at(-1)?.call, 'files.syncFilesystem');
});
test('given devices and a fifo, when they are written, then the kernel is asked for exactly those', async (world) => {
  await apply(world, 'remove', entry('char', 'null', { major: 1, minor: 3, mode: 0o666 }), entry('fifo', 'pipe', { mode: 0o600 }));
  assert.equal(await world.kernel.nodeAt(join(world.root, 'null')), { type: 'char', mode: 0o666, major: 1, minor: 3 });
  assert.equal(await world.kernel.nodeAt(join(world.root, 'pipe')), { type: 'fifo', mode: 0o600 });
});
test('given a symbolic link out of the root, when entries lie beneath it, then nothing is written outside', async (world) => {
  const outside = join(world.home, 'outside');
  await mkdir(outside);
  const planted = entry('file', 'out/planted', { text: 'x' });
  await fails(apply(world, 'remove', entry('symlink', 'out', { linkTarget: outside }), planted), 'ARCHIVE_INVALID');
  await symlink('../../../../../../../..', join(world.root, 'up'));
  await apply(world, 'remove', entry('file', 'up/landed', { text: 'x' }));
  assert.equal(await readdir(outside), []);
  assert.ok((await readdir(world.root)).includes('landed'));
});
test('given .. in a path or a hard link, when it is written, then it fails ARCHIVE_ESCAPES', async (world) => {
  await fails(apply(world, 'remove', entry('file', '../f')), 'ARCHIVE_ESCAPES');
  await fails(apply(world, 'remove', entry('hardlink', 'f', { linkTarget: 'a/../../f' })), 'ARCHIVE_ESCAPES');
});
test('given a tree, when whiteouts remove, then lower names go and names of the same layer stay', async (world) => {
  for (const name of ['gone', 'kept']) await writeFile(join(world.root, name), 'old');
  await mkdir(join(world.root, 'd'));
  await writeFile(join(world.root, 'd/old'), '');
  await apply(
    world,
    'remove',
    entry('whiteout', 'gone'),
    entry('whiteout', 'never'),
    entry('whiteout', 'no/such/place'),
    entry('file', 'kept', { text: 'new' }),
    entry('whiteout', 'kept'),
    entry('file', 'd/new'),
    entry('opaque', 'd'),
  );
  assert.equal((await readdir(world.root)).toSorted(), ['d', 'kept']);
  assert.is(await readFile(join(world.root, 'kept'), 'utf8'), 'new');
  assert.equal(await readdir(join(world.root, 'd')), ['new']);
});
test('given a layer of its own, when whiteouts are for overlay, then they are marks, and a directory on a mark is opaque', async (world) => {
  const at = (path: string): string => join(world.root, path);
  await apply(
    world,
    'overlay',
    entry('whiteout', 'a/gone'),
    entry('directory', 'o'),
    entry('opaque', 'o'),
    entry('whiteout', 'd'),
    entry('directory', 'd'),
    entry('whiteout', 'e'),
    entry('file', 'e/f'),
    entry('file', 'f', { text: 'new' }),
    entry('whiteout', 'f'),
  );
  assert.equal(await world.kernel.nodeAt(at('a/gone')), { type: 'char', mode: 0, major: 0, minor: 0 });
  for (const path of ['o', 'd', 'e']) {
    assert.equal(await world.kernel.files.getXattr(at(path), 'trusted.overlay.opaque'), Buffer.from('y'), path);
  }
  assert.is(await readFile(at('f'), 'utf8'), 'new');
});
test("given overlayfs's own attributes and device 0:0, when they are written, then the first are dropped and the second deletes", async (world) => {
  await writeFile(join(world.root, 'old'), '');
  const xattrs = new Map([['trusted.overlay.redirect', Buffer.from('/etc')]]);
  await apply(world, 'remove', entry('file', 'f', { xattrs }), entry('char', 'old', { major: 0, minor: 0 }));
  assert.equal(marks(world.kernel), []);
  assert.equal(await readdir(world.root), ['f']);
});
test('given a file system without attributes, when some are written, then they are named and the rest is there', async (world) => {
  world.kernel.failNext('files.setXattr', 'ENOTSUP');
  const written = await applyLayer({
    kernel: world.kernel,
    root: world.root,
    whiteouts: 'remove',
    entries: stream([entry('file', 'f', { xattrs: new Map([['user.note', Buffer.from('n')]]) })]),
  });
  assert.equal(written.unsupportedXattrs, ['user.note']);
});
test('given a kernel that fails in the middle, when it does, then the first error is told and all work has ended', async (world) => {
  world.kernel.failNext('files.setTimes', 'EIO');
  const entries = Array.from({ length: 50 }, (_, index) => entry('file', `f${index}`, { text: 'x' }));
  const error = await fails(apply(world, 'remove', ...entries), 'KERNEL_CALL_FAILED');
  assert.is(error.facts['errno'], 'EIO');
  const calls = world.kernel.calls.length;
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.is(world.kernel.calls.length, calls);
});
test('given an abort, when the next entry comes, then it fails CANCELED', async (world) => {
  const signal = AbortSignal.abort();
  const entries = stream([entry('file', 'f')]);
  await fails(applyLayer({ kernel: world.kernel, root: world.root, whiteouts: 'remove', entries, signal }), 'CANCELED');
  assert.equal(await readdir(world.root), []);
});
test('given a file with two names below, when one is replaced, then the other keeps its content', async (world) => {
  await writeFile(join(world.root, 'a'), 'old');
  await link(join(world.root, 'a'), join(world.root, 'b'));
  await apply(world, 'remove', entry('file', 'a', { text: 'new' }));
  assert.is(await readFile(join(world.root, 'b'), 'utf8'), 'old');
});

test.run();
