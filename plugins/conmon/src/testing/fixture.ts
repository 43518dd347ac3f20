import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { chmod, copyFile, mkdir, mkdtemp, readdir, readFile, rm, rmdir, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { RuntimeDriver } from '@shiplog/contracts';
import { killAfter, type RuntimeFixture } from '@shiplog/conformance/runtime';
import { namesIn } from '@shiplog/driver-kit';
import { createKernel } from '@shiplog/kernel-linux';

const CAPABILITIES = [
  'CAP_CHOWN',
  'CAP_DAC_OVERRIDE',
  'CAP_FOWNER',
  'CAP_KILL',
  'CAP_SETGID',
  'CAP_SETUID',
  'CAP_SETPCAP',
  'CAP_NET_BIND_SERVICE',
];
const CGROUPS = '/sys/fs/cgroup';
const kernel = createKernel();

/** A runtime driver over conmon, for the kit. */
export interface Tested {
  /** What `create` is asked for. */
  readonly runtime: string;
  /** Makes a driver whose state and run directories are in `home`. */
  readonly construct: (home: string) => RuntimeDriver;
  /** False: limits are a cgroup driver's alone, and the fixture sets them as one would. */
  readonly setsLimits: boolean;
  /** A script that makes a call of such a driver and waits to be killed: node SCRIPT HOME CALL. */
  readonly caller: string;
}

/** What the kit asks of a driver over conmon. */
export async function runtimeFixture({ runtime, construct, setsLimits, caller }: Tested): Promise<RuntimeFixture> {
  const home = await mkdtemp(join(tmpdir(), `shiplog-${runtime}-`));
  const [stateDir, runDir, rootfs] = [join(home, 'state'), join(home, 'run'), join(home, 'rootfs')];
  await Promise.all([mkdir(stateDir), mkdir(runDir), makeRootfs(rootfs)]);
  const group = `shiplog-test-${randomBytes(6).toString('hex')}`;
  return {
    driver: construct(home),
    runtime,
    limitsMemory: true,
    restart: async () => construct(home),
    spec: (id, args, { terminal = false, env = ['PATH=/bin'], cwd = '/', memory } = {}) => {
      const cgroupsPath = `/${group}-${id.slice(0, 12)}`;
      if (memory !== undefined && !setsLimits) limitMemory(cgroupsPath, memory);
      return {
        ociVersion: '1.0.2',
        process: {
          terminal,
          user: { uid: 0, gid: 0 },
          args,
          env,
          cwd,
          capabilities: { bounding: CAPABILITIES, effective: CAPABILITIES, permitted: CAPABILITIES },
          noNewPrivileges: false,
        },
        root: { path: rootfs, readonly: false },
        mounts: [
          { destination: '/proc', type: 'proc', source: 'proc', options: ['nosuid', 'noexec', 'nodev'] },
          { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'mode=755'] },
          { destination: '/dev/pts', type: 'devpts', source: 'devpts', options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666'] },
          { destination: '/tmp', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'nodev'] },
        ],
        annotations: {},
        linux: {
          cgroupsPath,
          resources: { devices: [{ allow: true, access: 'rwm' }], ...(memory === undefined ? {} : { memory: { limit: memory } }) },
          namespaces: [{ type: 'pid' }, { type: 'mount' }, { type: 'ipc' }, { type: 'uts' }, { type: 'network' }],
        },
      };
    },
    logPath: (id) => join(home, 'logs', `${id}.log`),
    async remains() {
      // Cgroups are the cgroup driver's, which removes those that nobody is in.
      for (const path of await cgroupsCalled(group)) await rmdir(path).catch(() => undefined);
      return [...(await processesNaming(home)), ...(await filesIn(runDir)), ...(await cgroupsCalled(group))];
    },
    async killMonitor(id) {
      const pid = Number(await readFile(join(runDir, 'c', id, 'monitor-pid'), 'utf8'));
      process.kill(pid, 'SIGKILL');
      while ((await kernel.processes.startTicks(pid)) !== undefined) await sleep(2);
      return true;
    },
    kill: (call, after) => killAfter([process.execPath, caller, home], call, after),
    async cleanup() {
      for (const line of await processesNaming(home)) process.kill(Number.parseInt(line, 10), 'SIGKILL');
      for (const path of await cgroupsCalled(group)) await rmdir(path);
      await rm(home, { recursive: true, force: true });
    },
  };
}

function limitMemory(cgroupsPath: string, bytes: number): void {
  const directory = join(CGROUPS, 'memory', cgroupsPath);
  mkdirSync(directory);
  writeFileSync(join(directory, 'memory.limit_in_bytes'), String(bytes));
}

async function makeRootfs(rootfs: string): Promise<void> {
  for (const directory of ['bin', 'etc', 'proc', 'dev', 'tmp', 'home/app', 'root'])
    await mkdir(join(rootfs, directory), { recursive: true });
  const busybox = join(rootfs, 'bin/busybox');
  await copyFile('/bin/busybox', busybox);
  await chmod(busybox, 0o755);
  await promisify(execFile)(busybox, ['--install', '-s', join(rootfs, 'bin')]);
  // The links point to where busybox was: make them relative.
  const links = (await readdir(join(rootfs, 'bin'))).filter((name) => name !== 'busybox');
  await Promise.all(links.map((name) => rm(join(rootfs, 'bin', name))));
  await Promise.all(links.map((name) => symlink('busybox', join(rootfs, 'bin', name))));
  await writeFile(join(rootfs, 'etc/passwd'), 'root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:/bin/sh\n');
  await writeFile(join(rootfs, 'etc/group'), 'root:x:0:\napp:x:1000:\nextra:x:2000:app\n');
  await writeFile(join(rootfs, 'etc/plain'), 'text\n', { mode: 0o644 });
}

/** Processes whose command line names `path` or whose root is beneath it, as `pid command`. */
async function processesNaming(path: string): Promise<readonly string[]> {
  const found: string[] = [];
  for (const pid of await readdir('/proc')) {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) continue;
    const command = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).replaceAll('\0', ' ').trim();
    if (command.includes(path) || (await readFile(`/proc/${pid}/mountinfo`, 'utf8').catch(() => '')).includes(`${path}/rootfs / `))
      found.push(`${pid} ${command}`);
  }
  return found;
}

async function filesIn(runDir: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    ['c', 'exits', 'state'].map(async (name) => (await namesIn(join(runDir, name))).map((entry) => join(runDir, name, entry))),
  );
  return lists.flat();
}

async function cgroupsCalled(prefix: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    (await namesIn(CGROUPS)).map(async (controller) =>
      (await readdir(join(CGROUPS, controller)).catch(() => [])).map((name) => join(CGROUPS, controller, name)),
    ),
  );
  return lists.flat().filter((path) => path.includes(`/${prefix}`));
}
