import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, ShiplogError, type StorageDriver } from '@shiplog/contracts';
import { diffIdOf, makeTar } from '@shiplog/conformance/storage';
import { type RecordingKernel, type TestServices, createRecordingKernel, createTestServices } from '@shiplog/driver-kit/testing';
import { OverlayDriver } from './overlay-driver.ts';
import { shortName, withLowerdir } from './lower-chain.ts';

interface World {
  home: string;
  stateDir: string;
  kernel: RecordingKernel;
  services: TestServices;
  driver: StorageDriver;
}

const test = suite<World>('storage-overlay: without root');
const ctx = createContext({ op: 'op', signal: new AbortController().signal });

test.before.each(async (world) => {
  world.home = await mkdtemp(join(tmpdir(), 'shiplog-overlay-unit-'));
  world.stateDir = join(world.home, 'state');
  await mkdir(world.stateDir);
  world.kernel = createRecordingKernel();
  world.services = createTestServices({ kernel: world.kernel, stateDir: world.stateDir, runDir: world.home });
  world.driver = new OverlayDriver(world.kernel, world.services.home, world.services.logger);
});
test.after.each(async ({ home }) => rm(home, { recursive: true, force: true }));

async function layer({ driver, home }: World, key: string, parent?: string): Promise<void> {
  // The recording kernel shows no parents, so this layer needs none of them; its owner is whoever runs the test.
  const tar = makeTar([{ path: `from-${key}`, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }]);
  const source = join(home, 'layer.tar');
  await writeFile(source, tar);
  await driver.applyLayer({ key, diffId: diffIdOf(tar), source, ...(parent === undefined ? {} : { parent }) }, ctx);
}

const mounts = (kernel: RecordingKernel): readonly { target: string; options: readonly string[] }[] =>
  kernel.calls.filter(({ call }) => call === 'mounts.mount').map(({ args }) => args[0] as { target: string; options: readonly string[] });

test('given keys with colons, when a snapshot is mounted, then the lower directories are short links, topmost first', async (world) => {
  const { driver, stateDir, kernel, home } = world;
  // A layer on a parent is written through a mount, which the double does not make; two parentless ones do here.
  await layer(world, 'sha256:aa');
  await driver.prepare({ key: 'c1', parent: 'sha256:aa' }, ctx);
  const target = join(home, 'mnt/c1');
  const { mounts: answer } = await driver.mount({ key: 'c1', target }, ctx);
  const [call] = mounts(kernel);
  assert.is(call?.target, target);
  assert.equal(call?.options, [
    `lowerdir=${stateDir}/l/${shortName('sha256:aa')}`,
    `upperdir=${stateDir}/active/c1/diff`,
    `workdir=${stateDir}/active/c1/work`,
    'index=off',
    'metacopy=off',
  ]);
  assert.equal(answer[0]?.options, [...(call?.options ?? [])]);
  assert.equal(
    (await driver.observe()).map(({ resource, id }) => `${resource} ${id}`),
    ['snapshot sha256:aa', 'snapshot c1', 'mount c1'],
  );
});
test('given no parent, when a snapshot is mounted, then an empty directory stands below it', async ({ driver, kernel, home, stateDir }) => {
  await driver.prepare({ key: 'c1' }, ctx);
  await driver.mount({ key: 'c1', target: join(home, 'mnt') }, ctx);
  assert.is(mounts(kernel)[0]?.options[0], `lowerdir=${stateDir}/l/empty`);
  assert.equal(await readdir(join(stateDir, 'empty')), []);
});
test('given a mount that fails, when it does, then there is no target and the error is the kernel’s', async ({ driver, kernel, home }) => {
  await driver.prepare({ key: 'c1' }, ctx);
  kernel.failNext('mounts.mount', 'EINVAL');
  const error = await driver.mount({ key: 'c1', target: join(home, 'mnt') }, ctx).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'KERNEL_CALL_FAILED');
  assert.not((await readdir(home)).includes('mnt'));
});
test('given a mount that is always busy, when it is unmounted, then it is detached lazily, and the log says so', async (world) => {
  const { driver, kernel, home, services } = world;
  await driver.prepare({ key: 'c1' }, ctx);
  const target = join(home, 'mnt');
  await driver.mount({ key: 'c1', target }, ctx);
  const { unmount } = kernel.mounts;
  Object.assign(kernel.mounts, {
    async unmount(path: string, options?: { readonly lazy?: boolean }) {
      if (options?.lazy !== true) kernel.failNext('mounts.unmount', 'EBUSY');
      return unmount(path, options);
    },
  });
  await driver.unmount({ key: 'c1', target }, ctx);
  assert.equal(kernel.calls.findLast(({ call }) => call === 'mounts.unmount')?.args, [target, { lazy: true }]);
  assert.equal(
    services.logger.lines.map(({ level }) => level),
    ['warn'],
  );
});
test('given what a crash left, when it is observed, then it is not there; when a verb is called, then it is gone', async (world) => {
  const { driver, stateDir, kernel } = world;
  for (const name of ['tmp-half/merged', 'rm-old/diff', 'l', 'layers']) await mkdir(join(stateDir, name), { recursive: true });
  await symlink('../layers/gone/diff', join(stateDir, 'l', shortName('gone')));
  await kernel.mounts.mount({ type: 'overlay', source: 'overlay', target: join(stateDir, 'tmp-half/merged'), options: ['volatile'] });
  assert.equal(await driver.observe(), []);
  await driver.remove({ key: 'nothing' }, ctx);
  assert.equal((await readdir(stateDir)).toSorted(), ['active', 'empty', 'l', 'layers']);
  assert.equal(await readdir(join(stateDir, 'l')), ['empty']);
  assert.is((await kernel.mounts.list()).length, 1);
});
test('given more layers than a page can spell out, when they are mounted, then a descriptor shortens them; far more are refused', async (world) => {
  const links = join(world.home, 'l');
  await mkdir(links);
  const chain = (length: number): string[] => Array.from({ length }, (_, index) => shortName(String(index)));
  const seen: string[] = [];
  const take = async (options: readonly string[]): Promise<void> => void seen.push(options.join(','));
  await withLowerdir(links, chain(3), ['x'], take);
  await withLowerdir(links, chain(128), ['x'], take);
  assert.match(seen[0] ?? '', `${links}/`);
  assert.match(seen[1] ?? '', /^lowerdir=\/proc\/self\/fd\/\d+\//);
  assert.ok(seen.every((data) => Buffer.byteLength(data) <= 4095));
  const error = await withLowerdir(links, chain(400), [], take).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'NOT_SUPPORTED');
});

test.run();
