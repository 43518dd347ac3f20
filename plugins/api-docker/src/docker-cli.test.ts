import { spawn } from 'node:child_process';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { serve } from './testing/serve.ts';

const test = suite('the docker command');

interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the docker command against a socket. It is killed after ten seconds. */
async function docker(socketPath: string, args: readonly string[], input = ''): Promise<Ran> {
  const child = spawn('docker', args, {
    env: { ...process.env, DOCKER_HOST: `unix://${socketPath}` },
    timeout: 10_000,
    killSignal: 'SIGKILL',
  });
  const out: Buffer[] = [];
  const err: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => err.push(chunk));
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('close', resolve);
    child.on('error', reject);
  });
  return { code, stdout: Buffer.concat(out).toString(), stderr: Buffer.concat(err).toString() };
}

test('given the command, when it asks for version and info, then both print without errors', async () => {
  await using server = await serve();
  const version = await docker(server.socketPath, [
    'version',
    '--format',
    '{{.Server.APIVersion}} {{.Server.MinAPIVersion}} {{.Server.Version}}',
  ]);
  assert.equal(version, { code: 0, stdout: '1.51 1.24 0.1.0\n', stderr: '' });
  const info = await docker(server.socketPath, ['info']);
  assert.is(info.code, 0, info.stderr);
  assert.match(info.stdout, 'Storage Driver: vfs');
  assert.not.match(info.stdout, 'ERROR');
});

test('given programs, when they run attached, then output, streams, input and exit codes arrive', async () => {
  await using server = await serve();
  const { socketPath } = server;
  assert.equal(await docker(socketPath, ['run', 'busybox', 'echo', 'hello']), { code: 0, stdout: 'hello\n', stderr: '' });
  assert.equal(await docker(socketPath, ['run', '--rm', 'busybox', 'both']), { code: 0, stdout: 'to stdout\n', stderr: 'to stderr\n' });
  assert.equal(await docker(socketPath, ['run', '--rm', '-i', 'busybox', 'cat'], 'in and out'), {
    code: 0,
    stdout: 'in and out',
    stderr: '',
  });
  assert.equal(await docker(socketPath, ['run', '--rm', '-i', 'busybox', 'late'], 'x'), { code: 0, stdout: 'late output\n', stderr: '' });
  assert.is((await docker(socketPath, ['run', '--rm', 'busybox', 'exit', '3'])).code, 3);
});

test('given what cannot run, when it is run, then docker ends with 127 or 125 and says why', async () => {
  await using server = await serve();
  const missing = await docker(server.socketPath, ['run', 'busybox', 'nosuch']);
  assert.is(missing.code, 127);
  assert.match(missing.stderr, 'executable file not found in $PATH');
  const unknown = await docker(server.socketPath, ['run', 'nobody:1', 'true']);
  assert.is(unknown.code, 125);
  assert.match(unknown.stderr, 'manifest for nobody:1 not found');
});

test('given an image that is not here, when it is run, then docker pulls it first', async () => {
  await using server = await serve();
  const ran = await docker(server.socketPath, ['run', 'absent:1', 'echo', 'pulled']);
  assert.equal([ran.code, ran.stdout], [0, 'pulled\n'], ran.stderr);
  assert.match(ran.stderr, 'Status: Downloaded newer image for absent:1');
});

test('given a container that exited, when it is started attached, then it runs again and prints', async () => {
  await using server = await serve();
  await docker(server.socketPath, ['run', '--name', 'one', 'busybox', 'echo', 'again']);
  assert.equal(await docker(server.socketPath, ['start', '-a', 'one']), { code: 0, stdout: 'again\n', stderr: '' });
  assert.is((await docker(server.socketPath, ['logs', 'one'])).stdout, 'again\nagain\n');
});

test('given a running container, when commands are executed in it, then output, input and exit codes are theirs', async () => {
  await using server = await serve();
  const { socketPath } = server;
  await docker(socketPath, ['run', '-d', '--name', 'bg', 'busybox', 'sleep']);
  assert.equal(await docker(socketPath, ['exec', 'bg', 'both']), { code: 0, stdout: 'to stdout\n', stderr: 'to stderr\n' });
  assert.equal(await docker(socketPath, ['exec', '-i', 'bg', 'cat'], 'exec in'), { code: 0, stdout: 'exec in', stderr: '' });
  assert.is((await docker(socketPath, ['exec', 'bg', 'exit', '7'])).code, 7);
  const missing = await docker(socketPath, ['exec', 'bg', 'nosuch']);
  assert.is(missing.code, 127);
  assert.match(missing.stdout, 'executable file not found');
  assert.equal(await docker(socketPath, ['exec', '-d', 'bg', 'both']), { code: 0, stdout: '', stderr: '' });
});

test('given options, when a container is created, then inspect tells them again', async () => {
  await using server = await serve();
  const { socketPath } = server;
  const options = ['-p', '127.0.0.1:8080:80', '-v', '/tmp:/x:ro', '--mount', 'type=tmpfs,dst=/t,tmpfs-size=1m', '-e', 'A=b', '-l', 'k=v'];
  const limits = [
    '--memory',
    '64m',
    '--cpus',
    '1.5',
    '--cap-add',
    'net_admin',
    '--restart',
    'on-failure:3',
    '--security-opt',
    'no-new-privileges',
  ];
  const created = await docker(socketPath, ['create', '--name', 'c', ...options, ...limits, 'busybox', 'sleep', '1 2']);
  assert.is(created.code, 0, created.stderr);
  const [inspected] = JSON.parse((await docker(socketPath, ['inspect', 'c'])).stdout);
  const { HostConfig, Config, Mounts } = inspected;
  assert.equal(HostConfig.Binds, ['/tmp:/x:ro']);
  assert.equal(HostConfig.PortBindings, { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: '8080' }] });
  assert.equal([HostConfig.Memory, HostConfig.MemorySwap, HostConfig.CpuQuota], [64 << 20, 128 << 20, 150_000]);
  assert.equal(HostConfig.RestartPolicy, { Name: 'on-failure', MaximumRetryCount: 3 });
  assert.equal([HostConfig.CapAdd, HostConfig.SecurityOpt], [['CAP_NET_ADMIN'], ['no-new-privileges']]);
  assert.equal(Config.Env, ['A=b', 'PATH=/bin']);
  assert.equal(Config.Labels, { k: 'v', maker: 'test' });
  assert.equal(
    Mounts.map(({ Type, Destination }: { Type: string; Destination: string }) => [Type, Destination]),
    [
      ['bind', '/x'],
      ['tmpfs', '/t'],
    ],
  );
  const listed = await docker(socketPath, ['ps', '-a', '--no-trunc', '--format', '{{.Names}} {{.Image}} {{.Command}} {{.Status}}']);
  assert.is(listed.stdout, `c busybox "sleep '1 2'" Created\n`);
});

test('given a container that changed files, when docker asks for them and for sizes, then it prints each', async () => {
  await using server = await serve();
  const { socketPath } = server;
  await docker(socketPath, ['create', '--name', 'c', 'busybox']);
  assert.is((await docker(socketPath, ['diff', 'c'])).stdout, 'C /etc\nA /etc/new\nD /etc/old\n');
  assert.match((await docker(socketPath, ['ps', '-as', '--format', '{{.Size}}'])).stdout, /^4\.1kB \(virtual /);
  assert.is((await docker(socketPath, ['inspect', '--size', '-f', '{{.SizeRw}}', 'c'])).stdout, '4096\n');
  assert.is((await docker(socketPath, ['diff', 'nobody'])).code, 1);
});

test('given a life from start to removal, when events are replayed, then docker prints each', async () => {
  await using server = await serve();
  const { socketPath } = server;
  await docker(socketPath, ['run', '-d', '--name', 'bg', 'busybox', 'sleep']);
  const waiting = docker(socketPath, ['wait', 'bg']);
  while (server.engine.awaited.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await docker(socketPath, ['exec', 'bg', 'echo', 'a']);
  await docker(socketPath, ['rename', 'bg', 'renamed']);
  await docker(socketPath, ['stop', 'renamed']);
  assert.is((await waiting).stdout, '143\n');
  assert.is((await docker(socketPath, ['rm', 'renamed'])).code, 0);
  const soon = (Date.now() / 1000 + 0.3).toFixed(3);
  const { stdout } = await docker(socketPath, [
    'events',
    '--since',
    '1h',
    '--until',
    soon,
    '--format',
    '{{.Action}} {{.Actor.Attributes.name}}',
  ]);
  assert.equal(stdout.trim().split('\n'), [
    'create bg',
    'start bg',
    'exec_create: echo a bg',
    'exec_start: echo a bg',
    'exec_die bg',
    'rename renamed',
    'kill renamed',
    'die renamed',
    'stop renamed',
    'destroy renamed',
  ]);
});

test('given images, networks and volumes, when they are listed, tagged, loaded and removed, then docker agrees', async () => {
  await using server = await serve();
  const { socketPath } = server;
  assert.is((await docker(socketPath, ['load'], 'image extra:1')).stdout, 'Loaded image: extra:1\n');
  assert.is((await docker(socketPath, ['tag', 'extra:1', 'other/name:2'])).code, 0);
  const listed = await docker(socketPath, ['images', '--filter', 'reference=other/*', '--format', '{{.Repository}}:{{.Tag}}']);
  assert.is(listed.stdout, 'other/name:2\n');
  assert.match((await docker(socketPath, ['rmi', 'other/name:2'])).stdout, 'Untagged: other/name:2\nDeleted: sha256:');
  assert.match((await docker(socketPath, ['import', '-', 'made:1'], 'tar')).stdout, 'sha256:');
  assert.is((await docker(socketPath, ['history', '-q', 'busybox'])).code, 0);
  assert.is((await docker(socketPath, ['network', 'create', '--subnet', '10.9.0.0/16', 'net'])).code, 0);
  assert.is((await docker(socketPath, ['network', 'ls', '--filter', 'type=custom', '--format', '{{.Name}}'])).stdout, 'net\n');
  assert.is(
    (await docker(socketPath, ['network', 'inspect', 'net', '--format', '{{(index .IPAM.Config 0).Subnet}}'])).stdout,
    '10.9.0.0/16\n',
  );
  assert.is((await docker(socketPath, ['network', 'rm', 'net'])).code, 0);
  assert.match((await docker(socketPath, ['network', 'rm', 'bridge'])).stderr, 'pre-defined network');
  assert.is((await docker(socketPath, ['volume', 'ls', '-q'])).code, 0);
});

test('given nothing of that name, when it is inspected, then docker says that there is no such object', async () => {
  await using server = await serve();
  const { code, stderr } = await docker(server.socketPath, ['inspect', 'nothing']);
  assert.is(code, 1);
  assert.match(stderr, 'No such object: nothing');
});

test.run();
