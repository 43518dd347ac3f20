import { execFile } from 'node:child_process';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, ShiplogError } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { OciRuntimeDriver } from './driver.ts';
import { removeGroups } from './testing/remove-groups.ts';

interface Context {
  home: string;
  driver: OciRuntimeDriver;
}

const test = suite<Context>('runtime-oci: one container at a time', { home: '', driver: undefined as never });
const kernel = createKernel();

test.before.each(async (context) => {
  context.home = await mkdtemp(join(tmpdir(), 'shiplog-turns-'));
  const services = createTestServices({ kernel, stateDir: context.home, runDir: join(context.home, 'run') });
  context.driver = new OciRuntimeDriver(services.kernel, services.home, services.logger);
  await mkdir(join(context.home, 'rootfs/bin'), { recursive: true });
  await Promise.all(['proc', 'dev'].map((name) => mkdir(join(context.home, 'rootfs', name))));
  await copyFile('/bin/busybox', join(context.home, 'rootfs/bin/busybox'));
  await chmod(join(context.home, 'rootfs/bin/busybox'), 0o755);
});

test.after.each(async ({ home, driver }) => {
  await driver.remove({ id: 'one' });
  await removeGroups(home);
  await rm(home, { recursive: true, force: true });
});

function argsOf(home: string) {
  const none: readonly string[] = [];
  const capabilities = { bounding: none, effective: none, permitted: none };
  const spec = {
    ociVersion: '1.0.2',
    process: { args: ['/bin/busybox', 'sleep', '1000'], user: { uid: 0, gid: 0 }, env: ['PATH=/bin'], cwd: '/', capabilities },
    root: { path: join(home, 'rootfs') },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: {
      cgroupsPath: `/${home.split('/').at(-1)}`,
      resources: {},
      namespaces: ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type })),
    },
  };
  const plain = { user: '', groups: [], seccomp: 'default', devices: [], allDevices: false, init: false, files: {}, directories: [] };
  const stdio = { terminal: false, stdin: false, stdinOnce: false, log: { driver: 'k8s-file', path: join(home, 'log/log'), options: {} } };
  return { id: 'one', spec, runtime: 'oci', ...plain, ...stdio };
}

const never = () => createContext({ op: 'test', signal: new AbortController().signal });

async function processesNaming(text: string): Promise<readonly string[]> {
  const lines = await Promise.all((await readdir('/proc')).map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')));
  return lines.filter((line) => line.includes(text));
}

test('given creates, a start and a remove of one id, when all are asked for at once, then each finds what the one before left', async ({
  home,
  driver,
}) => {
  const [first, second] = await Promise.all([
    driver.create(argsOf(home), never()),
    driver.create(argsOf(home), never()),
    driver.start({ id: 'one' }),
    driver.start({ id: 'one' }),
  ]);
  assert.equal(first, second);
  assert.is((await driver.state({ id: 'one' })).status, 'running');
  const [, third] = await Promise.all([driver.remove({ id: 'one' }), driver.create(argsOf(home), never())]);
  assert.is.not(third.process.pid, first.process.pid);
  assert.is((await driver.state({ id: 'one' })).status, 'created');
});

test('given a create, when its caller goes away at any moment, then it fails CANCELED and nothing stays', async ({ home, driver }) => {
  let canceled = 0;
  for (let after = 0; after < 60; after += 4) {
    const caller = new AbortController();
    const made = driver.create(argsOf(home), createContext({ op: 'test', signal: caller.signal }));
    const code = made.then(
      () => 'made',
      (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
    );
    if (after > 0) await sleep(after);
    caller.abort();
    if ((await code) === 'made') {
      await driver.remove({ id: 'one' });
      continue;
    }
    assert.is(await code, 'CANCELED');
    canceled += 1;
    assert.equal(await driver.observe(), []);
    assert.equal(await readdir(join(home, 'run/state')).catch(() => []), []);
    for (let tries = 0; tries < 6000 && (await processesNaming(home)).length > 0; tries += 1) await sleep(10);
    assert.equal(await processesNaming(home), []);
  }
  assert.ok(canceled >= 3, `${canceled} of 15`);
});

test('given an exec session that is being made, when its container is removed at any moment, then nothing of either stays', async ({
  home,
  driver,
}) => {
  let met = 0;
  for (let after = 0; after < 60; after += 3) {
    const { spec } = argsOf(home);
    await driver.create(argsOf(home), never());
    await driver.start({ id: 'one' });
    const session = { id: 'one', exec: `session${after}` };
    const made = driver.execCreate({ ...session, process: spec.process, user: '', terminal: false, stdin: false }).then(
      () => 'made',
      () => 'refused',
    );
    await sleep(after);
    await driver.remove({ id: 'one' });
    if ((await made) === 'refused') met += 1;
    await driver.execRemove(session);
    assert.equal(await driver.observe(), [], `after ${after} ms`);
    for (let tries = 0; tries < 6000 && (await processesNaming(home)).length > 0; tries += 1) await sleep(10);
    assert.equal(await processesNaming(home), [], `after ${after} ms`);
  }
  assert.ok(met > 0);
});

test('given an engine that was killed when it had let a program run and had not said so, when the next one starts it, then that is no failure', async ({
  home,
  driver,
}) => {
  for (const runtime of ['crun', 'runc']) {
    const { process } = await driver.create({ ...argsOf(home), runtime }, never());
    await driver.start({ id: 'one' });
    await rm(join(home, 'run/c/one/started'));
    if (runtime === 'crun') await kernel.files.mknod(join(home, 'run/state/one/exec.fifo'), { type: 'fifo', mode: 0o600 });
    await driver.start({ id: 'one' });
    assert.equal(await driver.state({ id: 'one' }), { status: 'running', process });
    await driver.remove({ id: 'one' });
  }
});

test('given an engine that was killed when it had said that a program runs and had not told crun, when the next one starts it, then crun knows', async ({
  home,
  driver,
}) => {
  await driver.create({ ...argsOf(home), runtime: 'crun' }, never());
  await driver.start({ id: 'one' });
  await kernel.files.mknod(join(home, 'run/state/one/exec.fifo'), { type: 'fifo', mode: 0o600 });
  await driver.start({ id: 'one' });
  assert.not((await readdir(join(home, 'run/state/one'))).includes('exec.fifo'));
});

test('given an engine that was killed when it had let an exec session run and had not kept its process, when the next one removes it, then that ends', async ({
  home,
  driver,
}) => {
  // Nobody else's.
  const seconds = String(1_000_000 + process.pid);
  const sleepers = (): Promise<readonly string[]> => processesNaming(seconds);
  for (const runtime of ['crun', 'runc']) {
    await driver.create({ ...argsOf(home), runtime }, never());
    await driver.start({ id: 'one' });
    await driver.execCreate({
      id: 'one',
      exec: 'two',
      process: { ...argsOf(home).spec.process, args: ['/bin/busybox', 'sleep', seconds] },
      user: '',
      terminal: false,
      stdin: false,
    });
    await driver.execStart({ id: 'one', exec: 'two' });
    for (let tries = 0; (await sleepers()).length === 0 && tries < 6000; tries += 1) await sleep(10);
    assert.is((await sleepers()).length, 1);
    await rm(join(home, 'run/c/one/exec/two/process.json'));
    await driver.execRemove({ id: 'one', exec: 'two' });
    assert.equal(await sleepers(), []);
    await driver.remove({ id: 'one' });
  }
});

test('given a container that was made and removed, when what lies below the v2 hierarchy is looked at, then no cgroup was made there', async ({
  home,
  driver,
}) => {
  await driver.create(argsOf(home), never());
  await driver.remove({ id: 'one' });
  // Where nothing is mounted there, nothing lies below it.
  const look = 'umount -l /sys/fs/cgroup/unified 2>/dev/null; ls /sys/fs/cgroup/unified 2>/dev/null; true';
  const { stdout } = await promisify(execFile)('unshare', ['-m', 'sh', '-c', look]);
  assert.not.match(stdout, home.split('/').at(-1) ?? '');
});

test.run();
