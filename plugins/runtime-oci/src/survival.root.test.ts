import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { OciRuntimeDriver } from './driver.ts';
import { removeGroups } from './testing/remove-groups.ts';

const ID = 'survivor';

function construct(home: string): OciRuntimeDriver {
  const { kernel, home: where, logger } = createTestServices({ kernel: createKernel(), stateDir: home, runDir: join(home, 'run') });
  return new OciRuntimeDriver(kernel, where, logger);
}

function processOf(args: readonly string[]): { readonly args: readonly string[] } {
  const none: readonly string[] = [];
  const capabilities = { bounding: none, effective: none, permitted: none };
  return Object.assign({ terminal: false, user: { uid: 0, gid: 0 }, env: ['PATH=/bin'], cwd: '/', capabilities }, { args });
}

/** In a process of its own: makes a container and an exec session that is not started, and is killed. */
async function engine(home: string): Promise<void> {
  const driver = construct(home);
  const namespaces = ['pid', 'mount', 'ipc', 'uts'].map((type) => ({ type }));
  const spec = {
    ociVersion: '1.0.2',
    process: processOf(['/bin/busybox', 'sleep', '1000']),
    root: { path: join(home, 'rootfs') },
    mounts: [{ destination: '/proc', type: 'proc', source: 'proc' }],
    linux: { cgroupsPath: `/${home.split('/').at(-1)}`, resources: {}, namespaces },
  };
  const log = { driver: 'k8s-file', path: join(home, 'log'), options: {} };
  const rest = {
    user: '',
    groups: [],
    seccomp: 'default',
    devices: [],
    allDevices: false,
    init: false,
    files: {},
    directories: [],
    terminal: false,
    stdin: false,
    stdinOnce: false,
    runtime: 'oci',
  };
  await driver.create({ id: ID, spec, log, ...rest }, createContext({ op: 'test', signal: new AbortController().signal }));
  await driver.start({ id: ID });
  const touch = processOf(['/bin/busybox', 'touch', '/touched']);
  await driver.execCreate({ id: ID, exec: 'session', process: touch, user: '', terminal: false, stdin: false });
  process.kill(process.pid, 'SIGKILL');
}

const test = suite('runtime-oci: kill -9');

test('given a container and an exec session made ready, when the engine is killed, then the one runs on and the other does not begin', async () => {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-survive-'));
  const driver = construct(home);
  try {
    await mkdir(join(home, 'rootfs/bin'), { recursive: true });
    await Promise.all(['proc', 'dev'].map((name) => mkdir(join(home, 'rootfs', name))));
    await copyFile('/bin/busybox', join(home, 'rootfs/bin/busybox'));
    await chmod(join(home, 'rootfs/bin/busybox'), 0o755);
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), home], { stdio: 'inherit' });
    assert.equal((await once(child, 'exit'))[1], 'SIGKILL');
    await sleep(500);
    assert.is((await driver.state({ id: ID })).status, 'running');
    assert.not((await readdir(join(home, 'rootfs'))).includes('touched'));
    await driver.remove({ id: ID });
    await driver.remove({ id: ID });
    assert.equal(await driver.observe(), []);
  } finally {
    await driver.remove({ id: ID });
    await removeGroups(home);
    await rm(home, { recursive: true, force: true });
  }
});

const [, , home] = process.argv;
if (home === undefined) test.run();
else await engine(home);
