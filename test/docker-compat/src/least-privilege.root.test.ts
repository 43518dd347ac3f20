// time limit: 240 s
import { mkdtemp, readFile, readlink, rm } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { existsSync } from 'node:fs';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, TestDaemon, type Ran } from '@shiplog/test-support';

const IMAGE = 'busybox:test';
const CAPABILITIES = {
  CHOWN: 0,
  DAC_OVERRIDE: 1,
  FOWNER: 3,
  FSETID: 4,
  KILL: 5,
  SETGID: 6,
  SETUID: 7,
  SETPCAP: 8,
  NET_BIND_SERVICE: 10,
  NET_ADMIN: 12,
  NET_RAW: 13,
  SYS_CHROOT: 18,
  SYS_ADMIN: 21,
  MKNOD: 27,
  AUDIT_WRITE: 29,
  SETFCAP: 31,
} as const;
const { NET_ADMIN: _a, SYS_ADMIN: _b, ...DEFAULTS } = CAPABILITIES;

const test = suite('least privilege');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-least-'));
const daemon = await TestDaemon.start();

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', join(scratch, 'busybox.tar')])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

/** Runs a script in a container; what it prints. */
function inside(script: string, ...flags: string[]): Promise<Ran> {
  return daemon.docker(['run', '--rm', ...flags, IMAGE, 'sh', '-c', script]);
}

function field(status: string, name: string): string {
  return new RegExp(`^${name}:\\s*(\\S+)`, 'm').exec(status)?.[1] ?? '';
}

function mask(bits: Iterable<number>): bigint {
  let all = 0n;
  for (const bit of bits) all |= 1n << BigInt(bit);
  return all;
}

async function capabilities(...flags: string[]): Promise<bigint> {
  return BigInt(`0x${field((await inside('cat /proc/self/status', ...flags)).stdout, 'CapEff')}`);
}

/** What this process may have at most: a container never has more. */
const own = BigInt(`0x${field(await readFile('/proc/self/status', 'utf8'), 'CapEff')}`);

test('given a usual container, when its process is looked at, then it has a seccomp filter and exactly the usual capabilities', async () => {
  const { stdout } = await inside('cat /proc/self/status');
  assert.is(field(stdout, 'Seccomp'), '2');
  const usual = (mask(Object.values(DEFAULTS)) & own).toString(16).padStart(16, '0');
  for (const set of ['CapEff', 'CapPrm', 'CapBnd']) assert.is(field(stdout, set), usual, set);
  for (const set of ['CapInh', 'CapAmb']) assert.is(field(stdout, set), '0'.repeat(16), set);
});

test('given a usual container, when another process is executed in it, then it has no more', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', '--cap-drop', 'CHOWN', IMAGE, 'sleep', '60']);
  const { stdout } = await daemon.docker(['exec', id.trim(), 'cat', '/proc/self/status']);
  assert.is(field(stdout, 'Seccomp'), '2');
  const { CHOWN: _, ...rest } = DEFAULTS;
  assert.is(BigInt(`0x${field(stdout, 'CapEff')}`), mask(Object.values(rest)) & own);
  await daemon.docker(['rm', '-f', id.trim()]);
});

test('given a usual container, when it reads what tells of the host, then it is masked', async () => {
  const { stdout } = await inside(
    'for f in kcore keys timer_list sched_debug; do test ! -e /proc/$f || wc -c < /proc/$f; done; ls -A /sys/firmware | wc -l; ls -A /proc/scsi 2>/dev/null | wc -l',
  );
  assert.equal(
    [
      ...new Set(
        stdout
          .trim()
          .split('\n')
          .map((line) => line.trim()),
      ),
    ],
    ['0'],
  );
});

test('given a usual container, when it writes to kernel settings, then it is refused', async () => {
  for (const path of [
    '/proc/sys/kernel/hostname',
    '/proc/sys/vm/drop_caches',
    '/proc/sysrq-trigger',
    '/proc/irq/default_smp_affinity',
    '/sys/kernel/mm/transparent_hugepage/enabled',
    '/sys/fs/cgroup/memory/memory.limit_in_bytes',
  ]) {
    const { stdout } = await inside(
      `test -e ${path} || { echo absent; exit; }; (echo 1 > ${path}) 2>/dev/null && echo written || echo refused`,
    );
    assert.match(stdout, /refused|absent/, path);
  }
});

test('given a usual container, when it mounts or makes a block device, then it cannot use either', async () => {
  const mounted = await inside('mount -t tmpfs tmpfs /tmp');
  assert.is.not(mounted.code, 0);
  // Making a node is among the usual capabilities; the device cgroup keeps it from being opened.
  const { stdout } = await inside(
    'busybox mknod /tmp/disk b 7 0 && (head -c 1 /tmp/disk >/dev/null) 2>&1; busybox mknod /tmp/mem c 1 1 && (head -c 1 /tmp/mem >/dev/null) 2>&1; true',
  );
  assert.not.match(stdout, /^$/);
  for (const line of stdout.trim().split('\n')) assert.match(line, /[Oo]peration not permitted|Permission denied/);
});

test('given a usual container, when /dev is listed, then only the usual nodes are there', async () => {
  const { stdout } = await inside('ls /dev');
  assert.equal(
    stdout
      .trim()
      .split('\n')
      .filter((name) => name !== 'console'),
    ['core', 'fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty', 'urandom', 'zero'],
  );
});

test("given a usual container, when its namespaces are compared with the host's, then none but time and user is shared", async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', IMAGE, 'sleep', '60']);
  const { stdout: pid } = await daemon.docker(['inspect', '-f', '{{.State.Pid}}', id.trim()]);
  for (const name of ['pid', 'uts', 'ipc', 'mnt', 'net', 'cgroup']) {
    assert.is.not(await readlink(`/proc/${pid.trim()}/ns/${name}`), await readlink(`/proc/self/ns/${name}`), name);
  }
  await daemon.docker(['rm', '-f', id.trim()]);
});

test('given a usual container, when it looks around, then it is process 1, sees no other, and has a name of its own', async () => {
  const { stdout } = await inside('hostname; echo $$; ls /proc | grep -c "^[0-9]"');
  const [name, pid, count] = stdout.trim().split('\n');
  assert.match(name ?? '', /^[0-9a-f]{12}$/);
  assert.is(pid, '1');
  assert.ok(Number(count) <= 3, `${count} processes`);
});

test('given capabilities to add and drop, when a container runs, then it has those', async () => {
  const usual = mask(Object.values(DEFAULTS)) & own;
  assert.is(await capabilities('--cap-add', 'NET_ADMIN'), usual | (mask([CAPABILITIES.NET_ADMIN]) & own));
  assert.is(await capabilities('--cap-drop', 'CHOWN'), usual & ~mask([CAPABILITIES.CHOWN]));
  assert.is(await capabilities('--cap-drop', 'ALL'), 0n);
  assert.is(await capabilities('--cap-drop', 'ALL', '--cap-add', 'chown'), mask([CAPABILITIES.CHOWN]));
  assert.is(await capabilities('--user', '65534'), 0n);
  assert.match((await inside('true', '--cap-add', 'NOSUCH')).stderr, /NOSUCH/);
});

test('given --privileged, when a container runs, then it has what the daemon has, no filter, devices and writable settings', async () => {
  assert.is(await capabilities('--privileged'), own);
  const { stdout } = await inside(
    'cat /proc/self/status; ls /dev; mount -t tmpfs none /tmp && echo mounted; test -w /proc/sys/kernel/hostname && hostname other && hostname',
    '--privileged',
  );
  assert.is(field(stdout, 'Seccomp'), '0');
  assert.match(stdout, /mounted\nother/);
  for (const name of ['kmsg', 'loop-control']) if (existsSync(`/dev/${name}`)) assert.match(stdout, new RegExp(`^${name}$`, 'm'));
});

test('given security options, when a container runs, then they hold', async () => {
  assert.is(field((await inside('cat /proc/self/status')).stdout, 'NoNewPrivs'), '0');
  assert.is(field((await inside('cat /proc/self/status', '--security-opt', 'no-new-privileges')).stdout, 'NoNewPrivs'), '1');
  assert.is(field((await inside('cat /proc/self/status', '--security-opt', 'seccomp=unconfined')).stdout, 'Seccomp'), '0');
});

test('given --read-only, when a container writes, then only mounts of its own take it', async () => {
  const { stdout } = await inside(
    '(touch /file) 2>/dev/null && echo root; (touch /etc/hosts) 2>/dev/null && echo hosts; touch /run/file && echo run; touch /dev/shm/file && echo shm',
    '--read-only',
    '--tmpfs',
    '/run',
  );
  assert.is(stdout, 'run\nshm\n');
});

test('given limits, when a container reads them, then the kernel has them', async () => {
  const cgroup = (v1: string, v2: string): string => `cat /sys/fs/cgroup/${v1} 2>/dev/null || cat /sys/fs/cgroup/${v2}`;
  assert.is((await inside(cgroup('pids/pids.max', 'pids.max'), '--pids-limit', '17')).stdout.trim(), '17');
  assert.is((await inside(cgroup('memory/memory.limit_in_bytes', 'memory.max'), '--memory', '32m')).stdout.trim(), String(32 << 20));
  const cpus = (
    await inside(
      'cat /sys/fs/cgroup/cpu/cpu.cfs_quota_us /sys/fs/cgroup/cpu/cpu.cfs_period_us 2>/dev/null || cat /sys/fs/cgroup/cpu.max',
      '--cpus',
      '0.5',
    )
  ).stdout
    .trim()
    .split(/\s+/);
  assert.is(Number(cpus[0]) / Number(cpus[1]), 0.5);
  assert.is((await inside('ulimit -n; ulimit -c', '--ulimit', 'nofile=123:456', '--ulimit', 'core=0')).stdout, '123\n0\n');
  const forks = await inside('for i in 1 2 3 4 5 6 7 8 9 10 11 12; do sleep 1 & done; wait', '--pids-limit', '6');
  assert.match(forks.stderr, /fork/);
});

test('given sysctls, shared memory and tmpfs sizes, when a container reads them, then they are as asked', async () => {
  assert.is(
    (
      await inside(
        'cat /proc/sys/net/ipv4/ip_forward /proc/sys/kernel/msgmax',
        '--sysctl',
        'net.ipv4.ip_forward=1',
        '--sysctl',
        'kernel.msgmax=4096',
      )
    ).stdout,
    '1\n4096\n',
  );
  assert.match((await inside('grep " /dev/shm " /proc/mounts', '--shm-size', '8m')).stdout, 'size=8192k');
  assert.match(
    (await inside('grep " /scratch " /proc/mounts; touch /scratch/x', '--tmpfs', '/scratch:size=4m,mode=700')).stdout,
    /noexec.*size=4096k|size=4096k.*noexec/,
  );
  const foreign = await inside('true', '--sysctl', 'vm.swappiness=1');
  assert.is.not(foreign.code, 0);
});

test('given --device, when a container opens it, then it may, and no other', async () => {
  if (!existsSync('/dev/kmsg')) return;
  const { stdout } = await inside(
    'test -c /dev/mine && echo there; (head -c 1 /dev/mine > /dev/null) 2>&1 | grep -c "not permitted"',
    '--device',
    '/dev/kmsg:/dev/mine:r',
    '--cap-add',
    'SYSLOG',
  );
  assert.match(stdout, 'there\n');
  const missing = await inside('true', '--device', '/dev/nosuch');
  assert.match(missing.stderr, /no such file or directory/);
});

test('given users and groups, when a container runs, then it has them', async () => {
  assert.is(
    (await inside('id -u; id -g; id -G', '--user', '1234:5678', '--group-add', '10', '--group-add', 'nogroup')).stdout,
    '1234\n5678\n5678 10 65534\n',
  );
  assert.is((await inside('id -u; id -G', '--user', 'nobody')).stdout, '65534\n65534 10\n');
  const unknown = await inside('true', '--user', 'nosuch');
  assert.match(unknown.stderr, /nosuch/);
  assert.is.not(unknown.code, 0);
});

test('given a working directory that is missing, when a container runs, then it is made', async () => {
  assert.is((await inside('pwd', '-w', '/new/deep')).stdout, '/new/deep\n');
});

test('given --pid host, when a container lists processes, then it sees the daemon', async () => {
  assert.is((await inside(`test -d /proc/${daemon.pid} && echo sees`, '--pid', 'host')).stdout, 'sees\n');
  assert.is((await inside(`test -d /proc/${daemon.pid} && echo sees`)).stdout, '');
});

for (const network of ['bridge', 'host', 'none']) {
  test(`given a container on ${network}, when another joins its network, then both have one namespace and one name`, async () => {
    const { stdout: id } = await daemon.docker(['run', '-d', '--network', network, IMAGE, 'sleep', '60']);
    const see = 'readlink /proc/self/ns/net; hostname; cat /etc/hosts /etc/resolv.conf';
    const first = await daemon.docker([
      'exec',
      id.trim(),
      'busybox',
      'sh',
      '-c',
      `busybox ${see.replace('; hostname', '; busybox hostname')}`,
    ]);
    const { stdout: chain } = await daemon.docker(['run', '-d', '--network', `container:${id.trim()}`, IMAGE, 'sleep', '60']);
    for (const joined of [id.trim(), chain.trim()]) {
      const second = await inside(`busybox ${see}`, '--network', `container:${joined}`);
      assert.equal(second, { code: 0, stdout: first.stdout, stderr: '' });
    }
    await daemon.docker(['rm', '-f', id.trim(), chain.trim()]);
  });
}

test('given a container that joins a network, when the other has ended, then the start is refused', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', IMAGE, 'true']);
  await daemon.docker(['wait', id.trim()]);
  const ran = await inside('true', '--network', `container:${id.trim()}`);
  assert.is(ran.code, 125);
  assert.match(ran.stderr, /non running container/);
  await daemon.docker(['rm', id.trim()]);
});

test('given a container with shareable IPC, when another joins, then both have one namespace, and docker is warned that /dev/shm is not shared', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', '--ipc', 'shareable', IMAGE, 'sleep', '60']);
  const namespace = await daemon.docker(['exec', id.trim(), 'busybox', 'readlink', '/proc/self/ns/ipc']);
  const ran = await inside('busybox readlink /proc/self/ns/ipc', '--ipc', `container:${id.trim()}`);
  assert.equal([ran.code, ran.stdout], [0, namespace.stdout]);
  assert.match(ran.stderr, "/dev/shm is each container's own");
  await daemon.docker(['rm', '-f', id.trim()]);
});

test('given a container, when another joins its processes, then it sees them', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', IMAGE, 'sleep', '61']);
  assert.match((await inside('ps', '--pid', `container:${id.trim()}`)).stdout, /sleep 61/);
  await daemon.docker(['rm', '-f', id.trim()]);
});

const INITS = ['docker-init', 'tini-static', 'tini', 'catatonit'];
const hasInit = (process.env.PATH ?? '').split(delimiter).some((part) => INITS.some((name) => existsSync(join(part, name))));

test(`given --init ${hasInit ? 'and a host with one' : 'and a host without one'}, when a container runs, then ${hasInit ? 'it is process 1' : 'the error names what to install'}`, async () => {
  const ran = await inside('cat /proc/1/comm; echo $$', '--init');
  if (hasInit) assert.match(ran.stdout, /^(docker-init|tini.*|catatonit)\n[2-9]/);
  else assert.match(ran.stderr, /--init needs one of .* install/);
});

test('given a named volume, when two containers use it one after the other, then it keeps what was written, and is listed and removed by name', async () => {
  assert.is((await inside('echo kept > /d/file', '-v', 'data:/d')).code, 0);
  assert.is((await inside('cat /d/file', '-v', 'data:/d:ro')).stdout, 'kept\n');
  assert.is.not((await inside('echo no > /d/file', '-v', 'data:/d:ro')).code, 0);
  assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout, 'data\n');
  const { stdout: id } = await daemon.docker(['create', '-v', 'data:/d', IMAGE, 'true']);
  const held = await daemon.docker(['volume', 'rm', 'data']);
  assert.match(held.stderr, /in use/);
  await daemon.docker(['rm', '-v', id.trim()]);
  assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout, 'data\n');
  assert.is((await daemon.docker(['volume', 'rm', 'data'])).code, 0);
  assert.equal(JSON.parse((await ask('GET', '/volumes')).body).Volumes, []);
  assert.is((await ask('GET', '/volumes/data')).status, 404);
});

test('given anonymous volumes, when their containers are removed, then they go with rm -v and --rm alone', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', '-v', '/d', IMAGE, 'sh', '-c', 'echo kept > /d/file']);
  await daemon.docker(['wait', id.trim()]);
  const { stdout: name } = await daemon.docker(['volume', 'ls', '-q']);
  assert.match(name, /^[0-9a-f]{64}\n$/);
  await daemon.docker(['rm', id.trim()]);
  assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout, name);
  assert.is((await inside('cat /d/file', '-v', `${name.trim()}:/d`)).stdout, 'kept\n');
  await daemon.docker(['volume', 'rm', name.trim()]);
  const { stdout: other } = await daemon.docker(['create', '-v', '/d', IMAGE, 'true']);
  await daemon.docker(['rm', '-v', other.trim()]);
  await inside('true', '-v', '/d');
  assert.is((await daemon.docker(['volume', 'ls', '-q'])).stdout, '');
});

test('given all of the above, when the host is looked at, then nothing of it is left', async () => {
  assert.is((await daemon.docker(['ps', '-aq'])).stdout, '');
  assert.equal(await hostTraces(daemon.directory), []);
});

function ask(method: string, path: string): Promise<{ readonly status: number; readonly body: string }> {
  return new Promise((resolve, reject) => {
    const call = request({ socketPath: daemon.socket, method, path }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
    });
    call.on('error', reject);
    call.end();
  });
}

test.run();
