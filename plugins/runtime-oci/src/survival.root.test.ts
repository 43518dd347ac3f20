import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type Kernel } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { OciRuntimeDriver } from './driver.ts';
import { removeGroups } from './testing/remove-groups.ts';

const ID = 'survivor';

const CONTAINER = { id: ID };
const CONTEXT = createContext({ op: 'test', signal: new AbortController().signal });

function construct(home: string, port: Kernel = createKernel()): OciRuntimeDriver {
  const { kernel, home: where, logger } = createTestServices({ kernel: port, stateDir: home, runDir: join(home, 'run') });
  return new OciRuntimeDriver(kernel, where, logger);
}

function processOf(args: readonly string[]): { readonly args: readonly string[] } {
  const none: readonly string[] = [];
  const capabilities = { bounding: none, effective: none, permitted: none };
  return Object.assign({ terminal: false, user: { uid: 0, gid: 0 }, env: ['PATH=/bin'], cwd: '/', capabilities }, { args });
}

/** In a process of its own: makes a container, and is killed in something that it does with it. */
async function engine(home: string, death: keyof typeof DEATHS): Promise<void> {
  const kernel = createKernel();
  const driver = construct(home, kernel);
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
  await driver.create({ id: ID, spec, log, ...rest }, CONTEXT);
  await driver.start(CONTAINER);
  await DEATHS[death](driver, kernel);
  process.kill(process.pid, 'SIGKILL');
}

function touch(driver: OciRuntimeDriver): Promise<unknown> {
  const asked = { id: ID, exec: 'session', user: '', terminal: false, stdin: false };
  return driver.execCreate({ ...asked, process: processOf(['/bin/busybox', 'touch', '/touched']) });
}

/** What an engine does with its container before it is killed. */
const DEATHS = {
  /** Makes an exec session ready, and does not start it. */
  ready: touch,
  /** Removes it. An exec session that has seen it run goes on when its processes are about to be ended. */
  async removal(driver: OciRuntimeDriver, { processes }: Kernel): Promise<void> {
    const [startTicks, kill, spawn] = [processes.startTicks, processes.kill, processes.spawn].map((call) => call.bind(processes)) as [
      typeof processes.startTicks,
      typeof processes.kill,
      typeof processes.spawn,
    ];
    const [ending, begun] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    let isFirst = true;
    Object.assign(processes, {
      async startTicks(pid: number) {
        const ticks = await startTicks(pid);
        if (!isFirst) return ticks;
        isFirst = false;
        await ending.promise;
        return ticks;
      },
      async kill(...args: Parameters<typeof kill>) {
        ending.resolve();
        await begun.promise;
        return kill(...args);
      },
      async spawn(...args: Parameters<typeof spawn>) {
        const spawned = await spawn(...args);
        begun.resolve();
        return spawned;
      },
    });
    touch(driver).catch(() => begun.resolve());
    await driver.remove(CONTAINER);
  },
};

/** Command lines of processes that are of the container beneath `home`. */
async function processesOf(home: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ');
    if (Number(pid) !== process.pid && command.includes(home)) found.push(command);
  }
  return found;
}

const test = suite('runtime-oci: kill -9');

async function afterDeath(death: keyof typeof DEATHS, look: (driver: OciRuntimeDriver, home: string) => Promise<void>): Promise<void> {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-survive-'));
  const driver = construct(home);
  try {
    await mkdir(join(home, 'rootfs/bin'), { recursive: true });
    await Promise.all(['proc', 'dev'].map((name) => mkdir(join(home, 'rootfs', name))));
    await copyFile('/bin/busybox', join(home, 'rootfs/bin/busybox'));
    await chmod(join(home, 'rootfs/bin/busybox'), 0o755);
    const child = spawn(process.execPath, [fileURLToPath(import.meta.url), home, death], { stdio: 'inherit' });
    assert.equal((await once(child, 'exit'))[1], 'SIGKILL');
    await look(driver, home);
  } finally {
    await driver.remove(CONTAINER);
    await removeGroups(home);
    await rm(home, { recursive: true, force: true });
  }
}

test('given a container and an exec session made ready, when the engine is killed, then the one runs on and the other does not begin', () =>
  afterDeath('ready', async (driver, home) => {
    await sleep(500);
    assert.is((await driver.state(CONTAINER)).status, 'running');
    assert.not((await readdir(join(home, 'rootfs'))).includes('touched'));
    await driver.remove(CONTAINER);
    await driver.remove(CONTAINER);
    assert.equal(await driver.observe(), []);
  }));

test('given an exec session that was begun while its container was removed, when the engine is killed, then no monitor of it stays', () =>
  afterDeath('removal', async (driver, home) => {
    await driver.remove(CONTAINER);
    assert.equal(await processesOf(home), []);
  }));

const [, , home, death] = process.argv;
if (home === undefined) test.run();
else await engine(home, death as keyof typeof DEATHS);
