import { mkdir, mkdtemp, readdir, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Mount } from '@shiplog/conmon';
import { ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { mountEntries } from './mount-entries.ts';

interface Context {
  scratch: string;
  rootfs: string;
}
const test = suite<Context>('runtime-lxc: mounts', { scratch: '', rootfs: '' });
const kernel = createRecordingKernel();

test.before.each(async (context) => {
  context.scratch = await mkdtemp(join(tmpdir(), 'shiplog-mounts-'));
  context.rootfs = join(context.scratch, 'rootfs');
  for (const name of ['rootfs/run', 'outside', 'data dir']) await mkdir(join(context.scratch, name), { recursive: true });
  await writeFile(join(context.scratch, 'file'), '');
});
test.after.each(({ scratch }) => rm(scratch, { recursive: true, force: true }));

function entries({ rootfs }: Context, mounts: readonly Mount[]): Promise<readonly string[]> {
  return mountEntries(kernel, { root: { path: rootfs }, process: { args: [] }, mounts, linux: {} }, '/bundle/cgroup');
}

test('given mounts whose mount points are missing, when they are put in entries, then those in the root file system are made, and others left to LXC', async (context) => {
  const { rootfs, scratch } = context;
  const found = await entries(context, [
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
    { destination: '/dev/pts', type: 'devpts', source: 'devpts' },
    { destination: '/dev/shm', type: 'tmpfs', source: 'shm', options: ['size=1k'] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: ['nosuid', 'ro'] },
    { destination: '/etc/hosts', type: 'bind', source: join(scratch, 'file'), options: ['rbind', 'rw'] },
    { destination: '/data', type: 'bind', source: join(scratch, 'data dir'), options: ['ro'] },
    { destination: '/data/in', type: 'tmpfs', source: 'tmpfs' },
  ]);
  assert.equal(found, [
    'tmpfs dev tmpfs nosuid,mode=755 0 0',
    'shm dev/shm tmpfs size=1k,create=dir 0 0',
    '/bundle/cgroup sys/fs/cgroup none rbind,ro 0 0',
    `${scratch}/file etc/hosts none rbind 0 0`,
    `${scratch}/data\\040dir data none bind,ro 0 0`,
    'tmpfs data/in tmpfs defaults 0 0',
  ]);
  assert.ok((await stat(join(rootfs, 'etc/hosts'))).isFile());
  assert.ok((await stat(join(rootfs, 'data'))).isDirectory());
  assert.ok((await stat(join(scratch, 'data dir/in'))).isDirectory());
});

test('given an image with symlinks, when mount points lie behind them, then they are found beneath its root, and nothing is made outside', async (context) => {
  const { rootfs, scratch } = context;
  await symlink('/run', join(rootfs, 'var-run'));
  await symlink(`${'../'.repeat(20)}run`, join(rootfs, 'up'));
  assert.equal(
    await entries(context, [
      { destination: '/var-run/lock', type: 'tmpfs', source: 'tmpfs' },
      { destination: '/up/in', type: 'tmpfs', source: 'tmpfs' },
    ]),
    ['tmpfs run/lock tmpfs defaults 0 0', 'tmpfs run/in tmpfs defaults 0 0'],
  );
  const source = join(scratch, 'data dir');
  await symlink(join(scratch, 'outside'), join(source, 'link'));
  const failure = await entries(context, [
    { destination: '/data', type: 'bind', source },
    { destination: '/data/link/in', type: 'tmpfs', source: 'tmpfs' },
  ]).catch((error: unknown) => error);
  assert.ok(failure instanceof ShiplogError && failure.code === 'PATH_NOT_FOUND', String(failure));
  assert.equal(await readdir(join(scratch, 'outside')), []);
});

test('given a bind of what is not there, when it is put in an entry, then it fails RUNTIME_FAILED and names it', async (context) => {
  const failure = await entries(context, [{ destination: '/a', type: 'bind', source: '/no/source' }]).catch((error: unknown) => error);
  assert.ok(failure instanceof ShiplogError && failure.code === 'RUNTIME_FAILED', String(failure));
  assert.match(failure.message, '/no/source');
});

test.run();
