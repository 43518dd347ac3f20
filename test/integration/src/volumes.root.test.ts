import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('volumes');
const { daemon, done } = await prepare();
test.after(done);

const docker = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await daemon.docker(args);
  assert.is(code, 0, `docker ${args.join(' ')}: ${stderr}`);
  return stdout;
};

test('given a new volume over a directory of the image, when a container starts, then the content is in it; with nocopy it is not', async () => {
  assert.is(await docker('run', '--rm', '--network', 'none', '-v', 'www:/www', IMAGE, 'ls', '/www'), 'index.html\n');
  await docker('run', '--rm', '--network', 'none', '-v', 'www:/www', IMAGE, 'rm', '/www/index.html');
  // Copied once: what was deleted stays so, unless nothing is left at all.
  await docker('run', '--rm', '--network', 'none', '-v', 'www:/www', IMAGE, 'touch', '/www/mine');
  assert.is(await docker('run', '--rm', '--network', 'none', '-v', 'bare:/www:nocopy', IMAGE, 'ls', '/www'), '');
  await docker('volume', 'rm', 'www', 'bare');
});

test("given a volume with Docker's mount options, when containers use it, then it is mounted while they do", async () => {
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m', '--label', 'kind=memory', 'memory');
  assert.is(await docker('volume', 'inspect', '-f', '{{.Labels.kind}} {{.Options.type}}', 'memory'), 'memory tmpfs\n');
  await docker('run', '-d', '--name', 'holder', '--network', 'none', '-v', 'memory:/m', IMAGE, 'sleep', '60');
  await docker('exec', 'holder', 'sh', '-c', 'echo shared > /m/file');
  assert.is(await docker('run', '--rm', '--network', 'none', '-v', 'memory:/m', IMAGE, 'cat', '/m/file'), 'shared\n');
  assert.match(await docker('exec', 'holder', 'cat', '/proc/mounts'), /tmpfs \/m tmpfs .*size=1024k/);
  const { code, stderr } = await daemon.docker(['volume', 'rm', 'memory']);
  assert.is(code, 1);
  assert.match(stderr, /volume is in use/);
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await docker('exec', 'holder', 'cat', '/m/file'), 'shared\n');
  await docker('rm', '-f', 'holder');
  const mounts = await readFile('/proc/self/mountinfo', 'utf8');
  assert.not.ok(mounts.includes(join(daemon.directory, 'root/volumes')), 'nothing is mounted when nobody uses it');
  await docker('volume', 'rm', 'memory');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given a start that fails after its volumes were mounted, when it is taken back, then they are not mounted', async () => {
  await docker('volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'undone');
  const { code } = await daemon.docker(['run', '--name', 'fails', '--network', 'none', '-v', 'undone:/m', IMAGE, '/no/such/program']);
  assert.is(code, 127);
  assert.not.ok((await readFile('/proc/self/mountinfo', 'utf8')).includes(join(daemon.directory, 'root/volumes')));
  await docker('rm', 'fails');
  await docker('volume', 'rm', 'undone');
});

test('given --mount with a driver and its options, when the container starts, then the volume is made so', async () => {
  const device = join(daemon.directory, 'device');
  await mkdir(device);
  const mount = `type=volume,source=bound,target=/m,volume-label=a=b,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${device}`;
  await docker('run', '--rm', '--network', 'none', '--mount', mount, IMAGE, 'sh', '-c', 'echo hi > /m/file');
  assert.is(await readFile(join(device, 'file'), 'utf8'), 'hi\n');
  assert.is(await docker('volume', 'inspect', '-f', '{{.Labels.a}} {{.Options.o}}', 'bound'), 'b bind\n');
  await docker('volume', 'rm', 'bound');
  assert.is(await readFile(join(device, 'file'), 'utf8'), 'hi\n');
});

test('given anonymous volumes, when their container is removed with --rm, then they go, and named ones stay', async () => {
  await docker('run', '--rm', '--network', 'none', '-v', '/anon', '-v', 'named:/named', IMAGE, 'true');
  assert.is(await docker('volume', 'ls', '-q'), 'named\n');
  await docker('volume', 'rm', 'named');
});

test("given options or drivers that are none, when a volume is made, then Docker's words say so and nothing stays", async () => {
  for (const [args, words] of [
    [['-o', 'shape=round'], 'invalid option: "shape"'],
    [['-o', 'type=tmpfs'], 'missing required option: "device"'],
    [['-d', 'pigeon'], 'error looking up volume plugin pigeon: plugin "pigeon" not found'],
  ] as const) {
    const { code, stderr } = await daemon.docker(['volume', 'create', ...args, 'refused']);
    assert.is(code, 1);
    assert.ok(stderr.includes(words), stderr);
  }
  assert.is(await docker('volume', 'ls', '-q'), '');
});

test.run();
