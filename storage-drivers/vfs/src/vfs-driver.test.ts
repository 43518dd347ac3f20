import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { diffIdOf, makeTar } from '@shiplog/conformance/storage';
import { type RecordingKernel, createRecordingKernel, createTestServices } from '@shiplog/driver-kit/testing';
import { VfsDriver } from './vfs-driver.ts';

interface World {
  home: string;
  stateDir: string;
  kernel: RecordingKernel;
  driver: StorageDriver;
}

const test = suite<World>('storage-vfs: without root');
const ctx = createContext({ op: 'op', signal: new AbortController().signal });

test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-vfs-unit-'));
  world.stateDir = join(world.home, 'state');
  await mkdir(world.stateDir);
  world.kernel = createRecordingKernel();
  const { home, logger } = createTestServices({ kernel: world.kernel, stateDir: world.stateDir, runDir: world.home });
  world.driver = new VfsDriver(world.kernel, home, logger);
});
test.after.each(async ({ home }) => rm(home, { recursive: true, force: true }));

async function layer({ driver, home }: World, key: string, path: string, parent?: string): Promise<void> {
  const tar = makeTar([{ path, content: path, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }]);
  const source = join(home, 'layer.tar');
  await writeFile(source, tar);
  await driver.applyLayer({ key, diffId: diffIdOf(tar), source, ...(parent === undefined ? {} : { parent }) }, ctx);
}

test('given two layers, when a snapshot is prepared on the upper, then its tree has the files of both, and is its own', async (world) => {
  await layer(world, 'sha256:a', 'low');
  await layer(world, 'sha256:b', 'up', 'sha256:a');
  await world.driver.prepare({ key: 'c', parent: 'sha256:b' }, ctx);
  const tree = join(world.stateDir, 'active/c/tree');
  assert.equal((await readdir(tree)).toSorted(), ['low', 'up']);
  await writeFile(join(tree, 'low'), 'changed');
  assert.is(await readFile(join(world.stateDir, 'layers/sha256:b/tree/low'), 'utf8'), 'low');
});
test('given a mounted snapshot, when it is mounted and unmounted again, then the kernel is asked once each', async ({
  driver,
  kernel,
  home,
}) => {
  await driver.prepare({ key: 'c' }, ctx);
  const target = join(home, 'mnt');
  for (let round = 0; round < 2; round += 1) await driver.mount({ key: 'c', target }, ctx);
  assert.is(kernel.calls.filter(({ call }) => call === 'mounts.mount').length, 1);
  assert.equal((await driver.observe()).at(-1), { resource: 'mount', id: 'c' });
  for (let round = 0; round < 2; round += 1) await driver.unmount({ key: 'c', target }, ctx);
  assert.is(kernel.calls.filter(({ call }) => call === 'mounts.unmount').length, 1);
  assert.equal(await driver.observe(), [{ resource: 'snapshot', id: 'c' }]);
});
test('given somebody else’s mount at the target, when it is to be unmounted, then it fails and stays', async ({ driver, kernel, home }) => {
  await driver.prepare({ key: 'c' }, ctx);
  const target = join(home, 'mnt');
  await kernel.mounts.mount({ type: 'tmpfs', source: 'tmpfs', target, options: [] });
  const error = await driver.unmount({ key: 'c', target }, ctx).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'DRIVER_FAILED');
  assert.is((await kernel.mounts.list()).length, 2);
});
test('given a disk that is full, when a snapshot is prepared, then it fails DISK_FULL and nothing stays', async ({
  driver,
  kernel,
  stateDir,
}) => {
  kernel.failNext('files.syncFilesystem', new ShiplogError('DISK_FULL', 'no space left on device'));
  const error = await driver.prepare({ key: 'c' }, ctx).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'DISK_FULL');
  assert.equal((await readdir(stateDir)).toSorted(), ['active', 'layers']);
  assert.equal(await driver.observe(), []);
});
test('given what a crash left, when a verb is called, then it is gone', async ({ driver, stateDir }) => {
  for (const name of ['tmp-half/tree', 'rm-old/tree']) await mkdir(join(stateDir, name), { recursive: true });
  await driver.remove({ key: 'nothing' }, ctx);
  assert.equal((await readdir(stateDir)).toSorted(), ['active', 'layers']);
});

test.run();
