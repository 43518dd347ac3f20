import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';
import { completeProcess, completeSpec, type Wanted } from './bundle.ts';
import { deviceNumbers, ociDevices } from './devices.ts';
import { parseLimits } from './own-limits.ts';
import { seccomp } from './seccomp.ts';
import { userIn } from './user.ts';

const STATUS = 'Name:\tnode\nCapBnd:\t0000000000000021\n';
const LIMITS =
  'Limit                     Soft Limit           Hard Limit           Units     \nMax open files            1024                 4096                 files     \nMax processes             unlimited            unlimited            processes \n';
const limits = parseLimits(STATUS, LIMITS, '100\n');

interface Context {
  rootfs: string;
}
const test = suite<Context>('conmon: what only the host knows', { rootfs: '' });
const kernel = createRecordingKernel();

test.before.each(async (context) => {
  context.rootfs = await mkdtemp(join(tmpdir(), 'shiplog-rootfs-'));
  await mkdir(join(context.rootfs, 'etc'));
  await writeFile(
    join(context.rootfs, 'etc/passwd'),
    '# comment\nroot:x:0:0::/root:/bin/sh\napp:x:1000:1001::/home/app:\n7:x:70:70::/seven:\n',
  );
  await writeFile(join(context.rootfs, 'etc/group'), 'wheel:x:10:app,other\napp:x:1001:\n');
});
test.after.each((context) => rm(context.rootfs, { recursive: true, force: true }));

const code = async (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'none',
    (error: unknown) => (error instanceof ShiplogError ? `${error.code}: ${error.message}` : String(error)),
  );

test('given names and numbers, when a user is resolved, then the files of the container decide', async ({ rootfs }) => {
  const of = (user: string, groups: readonly string[] = []) => userIn(kernel, rootfs, user, groups);
  assert.equal(await of(''), { uid: 0, gid: 0, additionalGids: [0], home: '/root' });
  assert.equal(await of('app'), { uid: 1000, gid: 1001, additionalGids: [1001, 10], home: '/home/app' });
  assert.equal(await of('1000:10'), { uid: 1000, gid: 10, additionalGids: [10], home: '/home/app' });
  assert.equal(await of('7'), { uid: 70, gid: 70, additionalGids: [70], home: '/seven' });
  assert.equal(await of('4321', ['wheel', '10', '11']), { uid: 4321, gid: 0, additionalGids: [0, 10, 11], home: '/' });
  assert.is(await code(of('x')), 'SPEC_INVALID: unable to find user x: no matching entries in passwd file');
  assert.is(await code(of('app:y')), 'SPEC_INVALID: unable to find group y: no matching entries in group file');
});

test('given a passwd file that is a link out of the root file system, when a user is resolved, then the host is not read', async ({
  rootfs,
}) => {
  await rm(join(rootfs, 'etc/passwd'));
  await symlink('/../../../../etc/passwd', join(rootfs, 'etc/passwd'));
  assert.match(await code(userIn(kernel, rootfs, 'daemon', [])), /unable to find user daemon|ELOOP/);
});

test('given the limits of this process, when they are read, then names, numbers and capabilities are OCI ones', () => {
  assert.equal([...limits.capabilities], ['CAP_CHOWN', 'CAP_KILL']);
  assert.equal([...limits.hard], [['RLIMIT_NOFILE', 4096]]);
  assert.is(limits.oomScoreAdj, 100);
});

test('given more than this process has, when a process is completed, then it is asked for no more than that', async ({ rootfs }) => {
  const sets = ['CAP_CHOWN', 'CAP_SYS_ADMIN'];
  const process = {
    args: ['x'],
    capabilities: { bounding: sets, effective: sets, permitted: sets },
    rlimits: [{ type: 'RLIMIT_NOFILE', soft: 1e6, hard: 1e6 }],
    oomScoreAdj: -500,
    env: ['A=b'],
  };
  const root = await completeProcess(kernel, rootfs, process, '', [], limits);
  assert.equal(root.capabilities, { bounding: ['CAP_CHOWN'], effective: ['CAP_CHOWN'], permitted: ['CAP_CHOWN'] });
  assert.equal(root.rlimits, [{ type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 }]);
  assert.is(root.oomScoreAdj, 100);
  assert.equal(root.env, ['A=b', 'HOME=/root']);
  const user = await completeProcess(kernel, rootfs, { ...process, env: ['HOME=/given'] }, 'app', [], limits);
  assert.equal(user.capabilities, { bounding: ['CAP_CHOWN'], effective: [], permitted: [] });
  assert.equal(user.env, ['HOME=/given']);
  assert.equal((user as { user?: object }).user, { uid: 1000, gid: 1001, additionalGids: [1001, 10] });
});

test('given bundle files and no seccomp, when a spec is completed, then sources are paths and what was given is unchanged', async ({
  rootfs,
}) => {
  const spec = {
    root: { path: rootfs },
    process: { args: ['x'] },
    mounts: [{ destination: '/etc/hosts', source: 'bundle:hosts', type: 'bind' }],
    linux: { seccomp: { old: true } },
  };
  const before = JSON.stringify(spec);
  const wanted: Wanted = {
    id: 'a',
    spec,
    user: '',
    groups: [],
    seccomp: 'unconfined',
    devices: [{ hostPath: '/dev/null', containerPath: '/dev/nothing', permissions: 'rw' }],
    allDevices: false,
    init: false,
    files: {},
  };
  const done = await completeSpec(kernel, '/bundle/files', wanted);
  assert.is(done.mounts?.[0]?.source, '/bundle/files/hosts');
  assert.is(done.linux.seccomp, undefined);
  assert.is(done.linux.devices?.[0]?.path, '/dev/nothing');
  assert.equal(done.linux.resources?.devices, [{ allow: true, type: 'c', major: 1, minor: 3, access: 'rw' }]);
  assert.is(JSON.stringify(spec), before);
});

test('given device numbers, when they are taken apart, then major and minor are as makedev(3) has them', () => {
  assert.equal(deviceNumbers(0x103), { major: 1, minor: 3 });
  assert.equal(deviceNumbers(0x10_03_45), { major: 3, minor: 0x145 });
  assert.equal(deviceNumbers(0xfff_fff_ff), { major: 0xfff, minor: 0xfffff });
  assert.equal(deviceNumbers(2 ** 44 + 0x105), { major: 0x1001, minor: 5 });
});

test('given what is no device, when it is looked up, then the error says so; a directory stands for those in it', async () => {
  assert.match(await code(ociDevices('/etc/passwd', '/x', 'r')), /^SPEC_INVALID: .*is not a device node/);
  assert.match(await code(ociDevices('/dev/no-such', '/x', 'r')), /^SPEC_INVALID: .*no such file or directory/);
  assert.ok((await ociDevices('/dev', '/devices', 'r')).some(({ node }) => node.path === '/devices/null'));
});

test('given a seccomp profile with conditions, when it is converted, then the capabilities decide', async () => {
  const profile = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    syscalls: [
      { names: ['read'], action: 'SCMP_ACT_ALLOW', args: null, includes: {}, excludes: {} },
      { names: ['mount'], action: 'SCMP_ACT_ALLOW', args: [], includes: { caps: ['CAP_SYS_ADMIN'] } },
      {
        names: ['clone'],
        action: 'SCMP_ACT_ALLOW',
        args: [{ index: 0, value: 1, op: 'SCMP_CMP_EQ' }],
        excludes: { caps: ['CAP_SYS_ADMIN'] },
      },
      { names: ['s390'], action: 'SCMP_ACT_ALLOW', includes: { arches: ['s390x'] } },
    ],
  });
  const names = async (capabilities: readonly string[]) =>
    ((await seccomp(profile, capabilities)) as { syscalls: { names: string[] }[] }).syscalls.flatMap((rule) => rule.names);
  assert.equal(await names([]), ['read', 'clone']);
  assert.equal(await names(['CAP_SYS_ADMIN']), ['read', 'mount']);
  assert.is(await seccomp('unconfined', []), undefined);
  assert.match(await code(seccomp('{', [])), /^SPEC_INVALID/);
});

test.run();
