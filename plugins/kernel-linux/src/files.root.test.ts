import { lstat, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { kernel, kernelTests, rejects } from './kernel.test.util.ts';

const { files } = kernel;

await kernelTests(import.meta.filename, 'files', (test) => {
  test('given nodes of all types, when they are made, then type, number and mode are exact', async ({ directory }) => {
    const path = (name: string): string => join(directory, name);
    await files.mknod(path('null'), { type: 'char', mode: 0o666, major: 1, minor: 3 });
    await files.mknod(path('loop'), { type: 'block', mode: 0o660, major: 7, minor: 300 });
    await files.mknod(path('pipe'), { type: 'fifo', mode: 0o622 });
    const [character, block, fifo] = await Promise.all(['null', 'loop', 'pipe'].map((name) => lstat(path(name))));
    assert.ok(character?.isCharacterDevice() && character.rdev === 0x103);
    assert.is((character?.mode ?? 0) & 0o7777, 0o666);
    assert.ok(block?.isBlockDevice());
    assert.is(block?.rdev, (7 << 8) | (300 & 0xff) | ((300 & ~0xff) << 12));
    assert.ok(fifo?.isFIFO());
    assert.is((fifo?.mode ?? 0) & 0o7777, 0o622);
    await rejects(files.mknod(path('null'), { type: 'fifo', mode: 0o600 }), 'KERNEL_CALL_FAILED', 'EEXIST');
  });

  test('given extended attributes, when they are set, read, listed and removed, then bytes are kept', async ({ directory }) => {
    const value = Uint8Array.from({ length: 300 }, (_, index) => index & 0xff);
    await files.setXattr(directory, 'trusted.shiplog', value);
    await files.setXattr(directory, 'trusted.empty', new Uint8Array(0));
    assert.equal([...((await files.getXattr(directory, 'trusted.shiplog')) ?? [])], [...value]);
    assert.is((await files.getXattr(directory, 'trusted.empty'))?.length, 0);
    assert.equal((await files.listXattrs(directory)).filter((name) => name.startsWith('trusted.')).toSorted(), [
      'trusted.empty',
      'trusted.shiplog',
    ]);
    await files.removeXattr(directory, 'trusted.shiplog');
    await files.removeXattr(directory, 'trusted.shiplog');
    assert.is(await files.getXattr(directory, 'trusted.shiplog'), undefined);
    await rejects(files.getXattr(join(directory, 'missing'), 'trusted.x'), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a symlink, when its attributes and times are set, then those of its target stay', async ({ directory }) => {
    const [target, link] = [join(directory, 'target'), join(directory, 'link')];
    await writeFile(target, '');
    await symlink(target, link);
    const before = (await lstat(target, { bigint: true })).mtimeNs;
    await files.setTimes(link, -1n, 1_700_000_000_123_456_789n);
    await files.setXattr(link, 'trusted.shiplog', Uint8Array.of(1));
    const after = await lstat(link, { bigint: true });
    assert.is(after.mtimeNs, 1_700_000_000_123_456_789n);
    assert.is(after.atimeNs, -1n);
    assert.is((await lstat(target, { bigint: true })).mtimeNs, before);
    assert.is(await files.getXattr(target, 'trusted.shiplog'), undefined);
  });

  test('given paths made to escape, when they are resolved beneath a root, then none leads out', async ({ directory }) => {
    const root = join(directory, 'root');
    await mkdir(join(root, 'a/b'), { recursive: true });
    await mkdir(join(root, 'tmp'));
    await writeFile(join(root, 'a/file'), '');
    await symlink('/', join(root, 'slash'));
    await symlink('../../../../../..', join(root, 'a/up'));
    await symlink('/tmp/new', join(root, 'dangling'));
    await symlink('b/../../tmp/new', join(root, 'a/relative'));
    await symlink('loop', join(root, 'loop'));
    const resolves: readonly (readonly [path: string, place: string])[] = [
      ['/', ''],
      ['', ''],
      ['../../..', ''],
      ['a/b', '/a/b'],
      ['/a/../a/file', '/a/file'],
      ['slash/a', '/a'],
      ['slash/slash/../..', ''],
      ['a/up/a/b', '/a/b'],
      ['new', '/new'],
      ['a/b/', '/a/b'],
      ['new/', '/new'],
      ['dangling', '/tmp/new'],
      ['a/relative', '/tmp/new'],
      ['a/up/../../etc', '/etc'],
    ];
    for (const [path, place] of resolves) assert.is(await files.resolveBeneath(root, path), `${root}${place}`, path);
    for (const path of ['new/x', 'dangling/x', 'new/..']) await rejects(files.resolveBeneath(root, path), 'PATH_NOT_FOUND');
    await rejects(files.resolveBeneath(root, 'loop'), 'KERNEL_CALL_FAILED', 'ELOOP');
    await rejects(files.resolveBeneath(root, 'a/file/x'), 'KERNEL_CALL_FAILED', 'ENOTDIR');
    await rejects(files.resolveBeneath(join(directory, 'no'), 'x'), 'KERNEL_CALL_FAILED', 'ENOENT');
  });

  test('given a file system, when it is synced, then that ends; many times at once too', async ({ directory }) => {
    await Promise.all(Array.from({ length: 3 }, () => files.syncFilesystem(directory)));
    await files.syncFilesystem(directory);
    await rejects(files.syncFilesystem(join(directory, 'no')), 'KERNEL_CALL_FAILED', 'ENOENT');
  });
});
