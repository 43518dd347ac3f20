import { link, lstat, mkdir, mkdtemp, readFile, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { buildDirectory } from './build-directory.ts';
import { collectRemains, safeRemove } from './safe-remove.ts';
import { createRecordingKernel } from './testing/recording-kernel.ts';
import { mirrorTree } from './mirror-tree.ts';
import { copyTree } from './tree-copy.ts';
import { treeUsage } from './tree-usage.ts';

interface World {
  home: string;
}

const test = suite<World>('driver-kit: trees');
test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-tree-'));
});
test.after.each(async ({ home }) => rm(home, { recursive: true, force: true }));

test('given a tree, when it is copied, then modes, times, links and attributes are as in the source', async ({ home }) => {
  const kernel = createRecordingKernel();
  const [from, to] = [join(home, 'from'), join(home, 'to')];
  await mkdir(join(from, 'd'), { recursive: true, mode: 0o750 });
  await writeFile(join(from, 'd/f'), 'content', { mode: 0o4711 });
  await link(join(from, 'd/f'), join(from, 'again'));
  await symlink('d/f', join(from, 's'));
  await kernel.files.setXattr(join(from, 'd'), 'user.x', Buffer.from('1'));
  await kernel.files.setXattr(join(from, 'd'), 'trusted.overlay.opaque', Buffer.from('y'));
  await utimes(join(from, 'd'), 1e9, 1e9);
  await copyTree({ kernel, from, to });
  assert.is(await readFile(join(to, 's'), 'utf8'), 'content');
  assert.is((await lstat(join(to, 'again'))).ino, (await lstat(join(to, 'd/f'))).ino);
  assert.is((await lstat(join(to, 'd/f'))).mode, (await lstat(join(from, 'd/f'))).mode);
  assert.is((await lstat(join(to, 'd'))).mtimeMs, 1e12);
  assert.is((await lstat(to)).mode, (await lstat(from)).mode);
  assert.equal(await kernel.files.listXattrs(join(to, 'd')), ['user.x']);
});
test('given a copy of a tree, when one changes and the other is made like it, then only what differs is written', async ({ home }) => {
  const kernel = createRecordingKernel();
  const [from, to] = [join(home, 'from'), join(home, 'to')];
  await mkdir(join(from, 'd'), { recursive: true });
  for (const name of ['kept', 'text', 'gone', 'd/one']) {
    await writeFile(join(from, name), 'same');
    // Whole seconds: the recorded kernel keeps no finer ones.
    await utimes(join(from, name), 1e9, 1e9);
  }
  await link(join(from, 'd/one'), join(from, 'two'));
  await kernel.files.setXattr(join(from, 'd'), 'user.x', Buffer.from('1'));
  await copyTree({ kernel, from, to });
  const written = async () =>
    Promise.all(['kept', 'd/one', 'two'].map(async (name) => (await lstat(join(to, name), { bigint: true })).ctimeNs));
  const before = await written();
  // As long, and of the same time.
  await writeFile(join(from, 'text'), 'else');
  await utimes(join(from, 'text'), 1e9, 1e9);
  await rm(join(from, 'gone'));
  await kernel.files.removeXattr(join(from, 'd'), 'user.x');
  for (const time of ['once', 'again']) {
    await mirrorTree({ kernel, from, to });
    assert.equal(await written(), before, time);
    assert.is(await readFile(join(to, 'text'), 'utf8'), 'else');
    assert.equal((await readdir(to)).toSorted(), ['d', 'kept', 'text', 'two']);
    assert.equal(await kernel.files.listXattrs(join(to, 'd')), []);
  }
});
test('given a tree with hard links, when it is measured, then each file counts once', async ({ home }) => {
  await mkdir(join(home, 'd'));
  await writeFile(join(home, 'd/a'), Buffer.alloc(100));
  await link(join(home, 'd/a'), join(home, 'b'));
  await writeFile(join(home, 'c'), Buffer.alloc(7));
  assert.equal(await treeUsage(createRecordingKernel(), home), { bytes: 107, inodes: 3 });
});
test('given a directory, when it is removed once and twice, then it is gone and that is well', async ({ home }) => {
  await mkdir(join(home, 'x/y'), { recursive: true });
  await safeRemove(join(home, 'x'), home);
  await safeRemove(join(home, 'x'), home);
  assert.equal(await readdir(home), []);
});
test('given what a crash left, when remains are collected, then those go and all else stays', async ({ home }) => {
  for (const name of ['tmp-1', 'rm-2', 'layers', 'rmdir']) await mkdir(join(home, name, 'deep'), { recursive: true });
  assert.equal((await collectRemains(home)).toSorted(), ['rm-2', 'tmp-1']);
  assert.equal((await readdir(home)).toSorted(), ['layers', 'rmdir']);
  assert.equal(await collectRemains(join(home, 'none')), []);
});
test('given a build, when it fails, then nothing stays; when it succeeds, then the place is whole', async ({ home }) => {
  const place = join(home, 'place');
  const error = new Error('no');
  const failed = await buildDirectory(home, place, async (directory) => {
    await writeFile(join(directory, 'half'), '');
    throw error;
  }).catch((reason: unknown) => reason);
  assert.is(failed, error);
  assert.equal(await readdir(home), []);
  await buildDirectory(home, place, async (directory) => writeFile(join(directory, 'whole'), ''));
  assert.equal(await readdir(place), ['whole']);
});

test.run();
