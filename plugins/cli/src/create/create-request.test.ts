import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { access, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon } from '../fake-daemon.test.double.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('create-request');

const ENV = { FROM_HERE: 'here', PATH: process.env['PATH'] ?? '' };

/** Command lines that Docker's client and ours must turn into the same request. */
const COMMAND_LINES: readonly (readonly string[])[] = [
  ['busybox'],
  ['busybox', 'echo', '-n', '--rm', 'hi'],
  ['-it', '--name', 'n', '--rm', 'busybox', 'sh'],
  ['-i', 'busybox'],
  ['-e', 'A=1', '-e', 'FROM_HERE', '-e', 'NOT_HERE', '-eB=x=y', 'busybox'],
  ['--env-file', 'ENV_FILE', '-e', 'A=last', 'busybox'],
  ['-p', '8080:80', '-p', '127.0.0.1::53/udp', '-p', '127.0.0.1:8443:443', '-p', '9000-9002:90-92', '-p', '7000', 'busybox'],
  ['-p', '8000-8010:80', '-p', '[::1]:99:99', '-P', '--expose', '70-71', '--expose', '72/udp', 'busybox'],
  ['-v', '/a:/b:ro', '-v', 'vol:/c', '-v', '/anonymous', 'busybox'],
  [
    '--mount',
    'type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770',
    '--mount',
    'type=bind,src=/,dst=/x,readonly,bind-propagation=rslave',
    'busybox',
  ],
  ['--mount', 'src=vol,target=/v,volume-nocopy', '--tmpfs', '/run:size=1m', '--tmpfs', '/tmp', 'busybox'],
  ['--cpus', '1.5', '--memory', '512m', '--memory-swap', '-1', '--memory-reservation', '1g', '-c', '512', 'busybox'],
  ['--cpuset-cpus', '0-1', '--pids-limit', '100', '--shm-size', '64m', '--oom-score-adj', '5', 'busybox'],
  ['--pids-limit=-1', '--memory-swap=1g', '-m', '1g', 'busybox'],
  ['--health-cmd', 'test -e /ready', '--health-interval', '1m30s', '--health-timeout=500ms', '--health-retries', '5', 'busybox'],
  ['--health-start-period', '1h', '--health-start-interval', '1.5s', '--health-retries=0', 'busybox'],
  ['--no-healthcheck', 'busybox'],
  ['--restart', 'on-failure:3', 'busybox'],
  ['--restart=always', 'busybox'],
  ['--storage-opt', 'size=1G', 'busybox'],
  ['--network', 'host', 'busybox'],
  ['--network', 'container:other', 'busybox'],
  ['--network', 'back', '--network-alias', 'a', '--ip', '10.0.0.5', '--mac-address', '02:00:00:00:00:01', 'busybox'],
  ['--network', 'name=back,alias=x,ip=10.0.0.6', 'busybox'],
  ['--mac-address', '02:00:00:00:00:02', 'busybox'],
  ['--device', '/dev/null', '--device', '/dev/zero:/dev/other:r', '--device', '/dev/full:rw', 'busybox'],
  ['--ulimit', 'nofile=10:20', '--ulimit', 'core=0', '--init', '--stop-timeout', '3', '--stop-signal', 'INT', 'busybox'],
  ['--annotation', 'a=b', '--security-opt', 'no-new-privileges', '--security-opt', 'seccomp=unconfined', 'busybox'],
  ['--security-opt', 'seccomp=PROFILE', '--privileged', '--read-only', 'busybox'],
  [
    '--add-host',
    'h:1.1.1.1',
    '--add-host',
    'g=host-gateway',
    '--dns',
    '1.1.1.1',
    '--dns-search',
    'x.y',
    '--dns-option',
    'ndots:1',
    'busybox',
  ],
  ['-l', 'x=y', '--label', 'flag', '--group-add', '5', '--group-add', 'audio', 'busybox'],
  ['--sysctl', 'net.core.somaxconn=1024', '--cap-add', 'NET_ADMIN', '--cap-drop', 'ALL', 'busybox'],
  ['--entrypoint', '/x', '-w', '/y', '-u', '1:2', '-h', 'box', '--domainname', 'd', 'busybox', 'arg'],
  ['--entrypoint', '', 'busybox', 'arg'],
  ['--ipc', 'host', '--pid', 'host', '--uts', 'host', '--cgroupns', 'private', 'busybox'],
  ['--log-driver', 'json-file', '--log-opt', 'max-size=1m', '--runtime', 'crun', 'busybox'],
  ['-a', 'stdout', 'busybox'],
  ['-i', '-a', 'stdin', 'busybox'],
];

for (const line of COMMAND_LINES) {
  test(`given \`create ${line.join(' ')}\`, when it is asked of both clients, then ours sends what Docker's sends`, async () => {
    await FakeDaemon.run(async (daemon) => {
      if (!(await hasDocker())) {
        console.log('# skipped: there is no docker command to compare with');
        return;
      }
      await writeFile(join(daemon.directory, 'env'), '# comment\nA=1\n  B=2\nFROM_HERE\nNOT_HERE\n');
      await writeFile(join(daemon.directory, 'profile'), '{ "defaultAction": "SCMP_ACT_ALLOW" }');
      const argv = line.map((word) =>
        word.replace('ENV_FILE', join(daemon.directory, 'env')).replace('PROFILE', join(daemon.directory, 'profile')),
      );
      await runDocker(daemon, argv);
      const theirs = daemon.body('POST /containers/create');
      const query = daemon.seen.find((seen) => seen.path === '/containers/create')?.query.toString();
      daemon.seen.length = 0;
      const ran = await runShiplog(['create', ...argv], { host: daemon.host, env: ENV });
      assert.is(ran.code, 0, ran.stderr);
      assert.equal(meaning(daemon.body('POST /containers/create')), meaning(theirs));
      assert.is(daemon.seen.find((seen) => seen.path === '/containers/create')?.query.toString(), query);
    });
  });
}

for (const [line, what] of [
  [['-p', '80:80:80:80'], /cannot be read/],
  [['-p', '0:99999'], /ports/],
  [['-p', '1-2:1-3'], /differ/],
  [['--memory', 'much'], /no size/],
  [['--cpus', 'two'], /CPUs/],
  [['--restart', 'often'], /no policy/],
  [['--health-interval', 'often'], /no duration/],
  [['--health-timeout=-1s'], /negative/],
  [['--health-retries', '-1'], /negative/],
  [['--health-cmd', 'true', '--no-healthcheck'], /contradict/],
  [['--restart', 'always', '--rm'], /contradict/],
  [['--mount', 'type=bind,dst=/x'], /source/],
  [['--mount', 'type=image,src=a,dst=/x'], /not supported/],
  [['--pull', 'often'], /always, missing or never/],
  [['--network', 'host', '--ip', '10.0.0.1'], /--ip/],
  [['--ulimit', 'nofile'], /cannot be read/],
] as const) {
  test(`given \`create ${line.join(' ')}\`, when it cannot be meant, then it is refused with 125 and nothing is asked of the engine`, async () => {
    await FakeDaemon.run(async (daemon) => {
      const ran = await runShiplog(['create', ...line, 'busybox'], { host: daemon.host });
      assert.is(ran.code, 125);
      assert.match(ran.stderr, what);
      assert.equal(daemon.calls, []);
    });
  });
}

async function hasDocker(): Promise<boolean> {
  const places = (process.env['PATH'] ?? '').split(':').map((directory) =>
    access(join(directory, 'docker')).then(
      () => true,
      () => false,
    ),
  );
  return (await Promise.all(places)).includes(true);
}

async function runDocker(daemon: FakeDaemon, argv: readonly string[]): Promise<void> {
  const env = { ...ENV, DOCKER_HOST: daemon.host, HOME: daemon.directory };
  const docker = spawn('docker', ['create', ...argv], { env, stdio: ['ignore', 'ignore', 'pipe'] });
  let told = '';
  docker.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const [code] = (await once(docker, 'close')) as [number];
  assert.is(code, 0, told);
}

/**
 * What a request says: Docker's client sends many fields that say nothing (null, empty, 0, false), and an endpoint that asks nothing
 * of its network. -1 is its way to leave swappiness alone.
 */
function meaning(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(meaning);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value)
    .map(([name, field]) => [name, UNORDERED.has(name) ? sorted(field) : meaning(field)] as const)
    .filter(([name, field]) => !saysNothing(field) && !(name === 'MemorySwappiness' && field === -1) && name !== 'ConsoleSize');
  return Object.fromEntries(entries.toSorted(([a], [b]) => a.localeCompare(b)));
}

/** Fields that Docker's client keeps in maps and sends in any order; in those that are maps, a key with nothing in it says something too. */
const UNORDERED = new Set([
  'Env',
  'Binds',
  'Ulimits',
  'Volumes',
  'ExposedPorts',
  'Tmpfs',
  'Labels',
  'Sysctls',
  'Annotations',
  'GroupAdd',
  'ExtraHosts',
  'SecurityOpt',
]);

function sorted(field: unknown): unknown {
  if (field === null || field === undefined) return undefined;
  const items: unknown[] = Array.isArray(field) ? field : Object.entries(field);
  return items.map((item) => JSON.stringify(meaning(item))).toSorted();
}

function saysNothing(field: unknown): boolean {
  if (typeof field === 'object' && field !== null) return Object.keys(field).length === 0;
  return field === null || field === undefined || field === '' || field === 0 || field === false;
}

test.run();
