import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { diffIdOf, makeTar } from '@shiplog/conformance/storage';
import { createContext, ShiplogError } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { btrfsImage, run, temporaryDirectory } from '@shiplog/test-support';
import { BtrfsDriver } from './btrfs-driver.ts';
import { probeBtrfs } from './probe.ts';

const MIB = 1024 * 1024;

interface World {
  stateDir: string;
  home: string;
  driver: BtrfsDriver;
}

const kernel = createKernel();
const ctx = createContext({ op: 'op', signal: new AbortController().signal });
const disk = await btrfsImage();
const test = suite<World>('storage-btrfs: on the real kernel');

test.before.each(async (world) => {
  world.home = await mkdtemp(join(disk.path, 'home-'));
  world.stateDir = join(world.home, 'state');
  await mkdir(world.stateDir);
  world.driver = construct(world);
});
test.after.each(async ({ driver }) => {
  for (const { resource, id } of await driver.observe()) if (resource === 'snapshot') await driver.remove({ key: id }, ctx);
});
test.after(() => disk.cleanup());

function construct({ stateDir, home }: World): BtrfsDriver {
  const services = createTestServices({ kernel, stateDir, runDir: home });
  return new BtrfsDriver(kernel, services.home, services.logger);
}

async function layer({ driver, home }: World, key: string, content: string): Promise<void> {
  const tar = makeTar([{ path: 'file', content }]);
  const source = join(home, 'layer.tar');
  await writeFile(source, tar);
  await driver.applyLayer({ key, diffId: diffIdOf(tar), source }, ctx);
}

/** Paths of all subvolumes on the disk, as btrfs-progs sees them. */
async function subvolumes(): Promise<readonly string[]> {
  const { stdout } = await run('btrfs', ['subvolume', 'list', disk.path]);
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^.* path /, ''));
}

async function usedBytes(): Promise<number> {
  await kernel.files.syncFilesystem(disk.path);
  const { stdout } = await run('btrfs', ['filesystem', 'usage', '--raw', disk.path]);
  return Number(/^\s+Used:\s+(\d+)/m.exec(stdout)?.[1]);
}

test('given a layer, when it is written to, then the kernel refuses', async (world) => {
  await layer(world, 'sha256:a', 'x');
  const error = await writeFile(join(world.stateDir, 'layers/sha256:a/tree/file'), 'y').catch((reason: unknown) => reason);
  assert.is((error as NodeJS.ErrnoException).code, 'EROFS');
});
test('given a layer of 16 MiB, when twenty snapshots are made on it, then they share its blocks', async (world) => {
  await layer(world, 'sha256:a', 'x'.repeat(16 * MIB));
  const before = await usedBytes();
  for (let index = 0; index < 20; index += 1) await world.driver.prepare({ key: `c${index}`, parent: 'sha256:a' }, ctx);
  const grown = (await usedBytes()) - before;
  assert.ok(before >= 16 * MIB, `${before} bytes were used before`);
  assert.ok(grown < 4 * MIB, `twenty snapshots took ${grown} bytes`);
});
test('given a snapshot, when a file is read and another is written, then only what was written counts', async (world) => {
  await layer(world, 'sha256:a', 'x'.repeat(5 * MIB));
  await world.driver.prepare({ key: 'c', parent: 'sha256:a' }, ctx);
  const tree = join(world.stateDir, 'active/c/tree');
  await readFile(join(tree, 'file'));
  assert.equal(await world.driver.usage({ key: 'c' }, ctx), { bytes: 0, inodes: 0 });
  await mkdir(join(tree, 'd'));
  await writeFile(join(tree, 'd/new'), 'x'.repeat(8192));
  assert.equal(await world.driver.usage({ key: 'c' }, ctx), { bytes: 8192, inodes: 2 });
  assert.equal(await world.driver.usage({ key: 'sha256:a' }, ctx), { bytes: 5 * MIB, inodes: 1 });
});
test('given subvolumes that a container made, one read-only and full, when it is removed, then all are gone', async (world) => {
  await layer(world, 'sha256:a', 'x');
  await world.driver.prepare({ key: 'c', parent: 'sha256:a' }, ctx);
  const tree = join(world.stateDir, 'active/c/tree');
  const name = `${world.home.slice(disk.path.length + 1)}/`;
  await mkdir(join(tree, 'deep/er'), { recursive: true });
  await kernel.subvolumes.create(join(tree, 'deep/er/one'));
  await kernel.subvolumes.create(join(tree, 'deep/er/one/two'));
  await kernel.subvolumes.create(join(tree, 'other'));
  await writeFile(join(tree, 'deep/er/one/two/file'), 'x');
  await kernel.subvolumes.setReadonly(join(tree, 'deep/er/one'), true);
  await kernel.subvolumes.setReadonly(tree, true);
  assert.is((await subvolumes()).filter((path) => path.startsWith(name)).length, 5);
  await world.driver.remove({ key: 'c' }, ctx);
  assert.equal(
    (await subvolumes()).filter((path) => path.startsWith(name)),
    [`${name}state/layers/sha256:a/tree`],
  );
  assert.equal(await readdir(world.stateDir), ['active', 'layers']);
});
test('given sealed remains of a crash, when the next driver is used, then they are gone', async (world) => {
  for (const name of ['tmp-half', 'rm-half']) {
    await mkdir(join(world.stateDir, name));
    await kernel.subvolumes.create(join(world.stateDir, name, 'tree'));
    await writeFile(join(world.stateDir, name, 'tree/file'), 'x');
    await kernel.subvolumes.setReadonly(join(world.stateDir, name, 'tree'), true);
  }
  await construct(world).remove({ key: 'nothing' }, ctx);
  assert.equal((await readdir(world.stateDir)).toSorted(), ['active', 'layers']);
});
test('given a plain directory, when it is removed as a subvolume, then it fails and stays', async ({ home }) => {
  const directory = join(home, 'plain');
  await mkdir(join(directory, 'inside'), { recursive: true });
  const error = await kernel.subvolumes.remove(directory).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'KERNEL_CALL_FAILED', String(error));
  assert.ok((await stat(join(directory, 'inside'))).isDirectory());
});
test('given a directory on btrfs and one elsewhere, when both are probed, then the reason says where root is not', async ({ stateDir }) => {
  assert.equal(await probeBtrfs(createTestServices({ kernel, stateDir, runDir: stateDir })), { usable: true });
  await using elsewhere = await temporaryDirectory();
  await kernel.mounts.mount({ type: 'tmpfs', source: 'tmpfs', target: elsewhere.path, options: [] });
  try {
    const probe = await probeBtrfs(createTestServices({ kernel, stateDir: elsewhere.path, runDir: elsewhere.path }));
    assert.ok(
      !probe.usable && probe.reason.startsWith('root is not on btrfs') && probe.reason.includes('lies on tmpfs'),
      JSON.stringify(probe),
    );
  } finally {
    await kernel.mounts.unmount(elsewhere.path);
  }
  assert.equal(await readdir(stateDir), []);
});
test('given a subvolume name that is too long, when it is made, then it fails and nothing is made', async ({ home }) => {
  const error = await kernel.subvolumes.create(join(home, 'n'.repeat(5000))).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && ['ENAMETOOLONG', 'EINVAL'].includes(String(error.facts['errno'])), String(error));
  assert.not((await readdir(home)).some((name) => name.startsWith('n')));
  await rm(join(home, 'layer.tar'), { force: true });
});
test.run();
