// time limit: 240 s
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, fetchText, hostTraces, run, TestDaemon } from '@shiplog/test-support';

const test = suite('docker run');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-compat-'));
const daemon = await TestDaemon.start();
const image = 'busybox:test';

test.before(async () => {
  await busyboxArchive(join(scratch, 'busybox.tar'), image);
  const loaded = await daemon.docker(['load', '-i', join(scratch, 'busybox.tar')]);
  assert.is(loaded.code, 0, loaded.stderr);
  assert.match(loaded.stdout, `Loaded image: ${image}`);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

for (const network of ['bridge', 'host', 'none']) {
  test(`given a loaded image, when it runs on ${network}, then its output and exit code arrive`, async () => {
    const ran = await daemon.docker(['run', '--rm', '--network', network, image, 'echo', 'hi']);
    assert.equal(ran, { code: 0, stdout: 'hi\n', stderr: '' });
  });
}

test('given input on a pipe, when cat runs with -i, then it comes back and stdin ends', async () => {
  assert.equal(await daemon.docker(['run', '-i', '--rm', image, 'cat'], { input: 'x\n' }), { code: 0, stdout: 'x\n', stderr: '' });
});

test('given a megabyte of input, when it is counted inside, then none is lost', async () => {
  const { stdout } = await daemon.docker(['run', '-i', '--rm', image, 'wc', '-c'], { input: 'y'.repeat(1 << 20) });
  assert.is(stdout.trim(), String(1 << 20));
});

test('given output on both streams, when it runs, then they stay apart', async () => {
  const ran = await daemon.docker(['run', '--rm', image, 'sh', '-c', 'echo out; echo err >&2; exit 3']);
  assert.equal(ran, { code: 3, stdout: 'out\n', stderr: 'err\n' });
});

test('given a megabyte of output, when it is read, then none is lost', async () => {
  const { stdout } = await daemon.docker(['run', '--rm', image, 'sh', '-c', 'yes 0123456789abcde | head -c 1048576']);
  assert.is(stdout.length, 1 << 20);
});

test('given no such command, when it runs, then docker ends with 127 and says so', async () => {
  const ran = await daemon.docker(['run', '--rm', image, 'nosuchcommand']);
  assert.is(ran.code, 127, ran.stderr);
  assert.match(ran.stderr, /executable file not found|no such file or directory/);
});

test('given a file that cannot be executed, when it runs, then docker ends with 126', async () => {
  const ran = await daemon.docker(['run', '--rm', image, '/etc/notexecutable']);
  assert.is(ran.code, 126, ran.stderr);
  assert.match(ran.stderr, /permission denied/);
});

test('given an unknown image, when it runs, then docker ends with 125', async () => {
  const ran = await daemon.docker(['run', '--rm', 'nosuchimage:1', 'true']);
  assert.is(ran.code, 125, ran.stderr);
});

test('given a process that kills itself, when docker waits, then it ends with 137', async () => {
  assert.is((await daemon.docker(['run', '--rm', image, 'sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?'])).code, 137);
});

test("given a terminal, when a shell runs in it, then size, output and exit code are a terminal's", async () => {
  const ran = await run(
    'script',
    [
      '-qec',
      `stty rows 33 cols 99; docker run -it --rm ${image} sh -c 'until stty size | grep -q 33; do sleep 0.1; done; stty size; test -t 0 && echo tty; exit 5'`,
      '/dev/null',
    ],
    { env: daemon.env },
  );
  assert.is(ran.code, 5, ran.stdout);
  assert.match(ran.stdout, '33 99');
  assert.match(ran.stdout, 'tty');
});

test('given a terminal, when ctrl-c is typed, then the process inside is interrupted', async () => {
  const command = `docker run -it --rm ${image} sh -c "trap 'echo caught; exit 7' INT; echo ready; while true; do sleep 0.1; done"`;
  const shell = spawn('script', ['-qec', command, '/dev/null'], { env: daemon.env, stdio: ['pipe', 'pipe', 'inherit'] });
  let said = '';
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    said += text;
    if (said.includes('ready') && !said.includes('^C')) shell.stdin.write('\x03');
  });
  const timer = setTimeout(() => shell.kill('SIGKILL'), 60_000);
  const [code] = await once(shell, 'close');
  clearTimeout(timer);
  assert.match(said, 'caught');
  assert.is(code, 7);
});

test('given a published port, when 127.0.0.1 is asked, then the container answers, until it is removed', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', '-p', '127.0.0.1:0:80', image, 'httpd', '-f', '-h', '/www']);
  const { stdout: address } = await daemon.docker(['port', id.trim(), '80/tcp']);
  const url = `http://${address.trim().split('\n')[0]}/`;
  assert.is(await fetchText(url), 'hello\n');
  const publishing = async (port: string): Promise<string> =>
    (await daemon.docker(['ps', '-q', '--no-trunc', '--filter', `publish=${port}`])).stdout;
  assert.equal([await publishing(new URL(url).port), await publishing('80')], [id, ''], 'by its port on the host');
  assert.is((await daemon.docker(['rm', '-f', id.trim()])).code, 0);
  const refused = await fetch(url).then(
    () => false,
    () => true,
  );
  assert.ok(refused);
});

test('given two containers on a bridge, when one asks the other by address, then it answers', async () => {
  const { stdout: id } = await daemon.docker(['run', '-d', image, 'httpd', '-f', '-h', '/www']);
  const { stdout: address } = await daemon.docker(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.IPAddress}}', id.trim()]);
  const asked = await daemon.docker([
    'run',
    '--rm',
    image,
    'sh',
    '-c',
    `i=0; until wget -q -O - http://${address.trim()}/ || [ $i = 100 ]; do i=$((i+1)); sleep 0.2; done`,
  ]);
  assert.is(asked.stdout, 'hello\n', asked.stderr);
  await daemon.docker(['rm', '-f', id.trim()]);
});

test('given names and files, when a container looks at itself, then hostname, hosts and resolv.conf are its own', async () => {
  const ran = await daemon.docker([
    'run',
    '--rm',
    '--hostname',
    'box',
    '--add-host',
    'db:10.1.2.3',
    '--dns',
    '10.9.9.9',
    image,
    'sh',
    '-c',
    'hostname; cat /etc/hosts /etc/resolv.conf',
  ]);
  assert.match(ran.stdout, /^box\n/);
  assert.match(ran.stdout, /10\.1\.2\.3\s+db/);
  assert.match(ran.stdout, /nameserver 10\.9\.9\.9/);
  assert.match(ran.stdout, /\d+\.\d+\.\d+\.\d+\s+box/);
});

test('given environment, user and directory, when a container runs, then it has them', async () => {
  const ran = await daemon.docker([
    'run',
    '--rm',
    '-e',
    'A=1',
    '-e',
    'B=two words',
    '-u',
    'nobody',
    '-w',
    '/tmp',
    image,
    'sh',
    '-c',
    'echo $A $B; id -u; pwd; echo $HOME',
  ]);
  assert.equal(ran, { code: 0, stdout: '1 two words\n65534\n/tmp\n/home\n', stderr: '' });
});

test('given a bind mount, when a container writes, then the host reads it', async () => {
  const ran = await daemon.docker(['run', '--rm', '-v', `${scratch}:/data`, image, 'sh', '-c', 'echo written > /data/file']);
  assert.is(ran.code, 0, ran.stderr);
  assert.is((await run('cat', [join(scratch, 'file')])).stdout, 'written\n');
});

test('given a container that runs, when others exec in it, then output, input and exit code are theirs', async () => {
  const { stdout } = await daemon.docker(['run', '-d', '-e', 'WHO=me', image, 'sleep', '60']);
  const id = stdout.trim();
  assert.equal(await daemon.docker(['exec', id, 'sh', '-c', 'echo $WHO; exit 4']), { code: 4, stdout: 'me\n', stderr: '' });
  assert.equal(await daemon.docker(['exec', '-i', id, 'cat'], { input: 'through\n' }), { code: 0, stdout: 'through\n', stderr: '' });
  assert.is((await daemon.docker(['exec', id, 'nosuchcommand'])).code, 127);
  const onTerminal = await run('script', ['-qec', `docker exec -t ${id} nosuchcommand`, '/dev/null'], { env: daemon.env });
  assert.is(onTerminal.code, 127, onTerminal.stdout);
  assert.match(
    (await run('script', ['-qec', `docker exec -it ${id} sh -c 'test -t 1 && echo tty'`, '/dev/null'], { env: daemon.env })).stdout,
    'tty',
  );
  await daemon.docker(['rm', '-f', id]);
});

test('given a container that prints, when its logs are followed, then every line arrives and following ends with it', async () => {
  const { stdout } = await daemon.docker(['run', '-d', image, 'sh', '-c', 'for i in 1 2 3 4 5; do echo line $i; sleep 0.1; done']);
  const followed = await daemon.docker(['logs', '-f', stdout.trim()], { timeoutMs: 60_000 });
  assert.equal(followed, { code: 0, stdout: 'line 1\nline 2\nline 3\nline 4\nline 5\n', stderr: '' });
  assert.is((await daemon.docker(['logs', '--tail', '2', stdout.trim()])).stdout, 'line 4\nline 5\n');
  await daemon.docker(['rm', stdout.trim()]);
});

test('given a container, when it is stopped, started, restarted, renamed, killed and removed, then docker sees each', async () => {
  await daemon.docker(['create', '--name', 'life', image, 'sleep', '60']);
  const state = async (): Promise<string> =>
    (await daemon.docker(['inspect', '-f', '{{.State.Status}} {{.State.ExitCode}}', 'life'])).stdout.trim();
  assert.is(await state(), 'created 0');
  assert.is((await daemon.docker(['start', 'life'])).code, 0);
  assert.is(await state(), 'running 0');
  assert.is((await daemon.docker(['stop', '-t', '1', 'life'])).code, 0);
  assert.is(await state(), 'exited 137');
  assert.is((await daemon.docker(['start', 'life'])).code, 0);
  assert.is((await daemon.docker(['restart', '-t', '0', 'life'])).code, 0);
  assert.is(await state(), 'running 0');
  assert.is((await daemon.docker(['rename', 'life', 'other'])).code, 0);
  assert.match((await daemon.docker(['top', 'other'])).stdout, /sleep 60/);
  assert.is((await daemon.docker(['kill', 'other'])).code, 0);
  assert.is((await daemon.docker(['wait', 'other'])).stdout, '137\n');
  assert.is((await daemon.docker(['rm', 'other'])).code, 0);
  assert.is((await daemon.docker(['inspect', 'other'])).code, 1);
});

test('given a paused container, when it is removed by force, stopped or restarted, then it does not hang', async () => {
  for (const command of [['rm', '-f'], ['stop', '-t', '1'], ['restart', '-t', '0'], ['kill']]) {
    await daemon.docker(['run', '-d', '--name', 'frozen', image, 'sleep', '60']);
    assert.is((await daemon.docker(['pause', 'frozen'])).code, 0);
    const ran = await daemon.docker([...command, 'frozen'], { timeoutMs: 60_000 });
    assert.is(ran.code, 0, `${command.join(' ')}: ${ran.stderr}`);
    await daemon.docker(['rm', '-f', 'frozen']);
  }
});

test('given a start with -a, when the container has run before, then its new output is attached', async () => {
  await daemon.docker(['create', '--name', 'again', image, 'echo', 'once more']);
  for (let times = 0; times < 2; times += 1)
    assert.equal(await daemon.docker(['start', '-a', 'again']), { code: 0, stdout: 'once more\n', stderr: '' });
  await daemon.docker(['rm', 'again']);
});

test('given a tight memory limit, when a process takes more, then it is OOM-killed and docker knows', async () => {
  await daemon.docker(
    ['run', '--name', 'hungry', '-m', '16m', '--memory-swap', '16m', image, 'sh', '-c', 'head -c 64m /dev/zero | od -v -w67108864 | wc -c'],
    { timeoutMs: 60_000 },
  );
  const ran = await daemon.docker([
    'run',
    '--name',
    'hungry2',
    '-m',
    '16m',
    '--memory-swap',
    '16m',
    image,
    'sh',
    '-c',
    'dd if=/dev/zero of=/dev/null bs=64M count=1',
  ]);
  assert.is(ran.code, 137, ran.stderr);
  assert.is((await daemon.docker(['inspect', '-f', '{{.State.OOMKilled}}', 'hungry2'])).stdout.trim(), 'true');
  await daemon.docker(['rm', '-f', 'hungry', 'hungry2']);
});

test('given stopped containers, when they are pruned, then they are gone and what runs stays', async () => {
  const { stdout: runs } = await daemon.docker(['run', '-d', image, 'sleep', '60']);
  const { stdout: ended } = await daemon.docker(['run', '-d', image, 'true']);
  await daemon.docker(['wait', ended.trim()]);
  const pruned = await daemon.docker(['container', 'prune', '-f']);
  assert.match(pruned.stdout, ended.trim());
  assert.is((await daemon.docker(['ps', '-q', '--no-trunc'])).stdout.trim(), runs.trim());
  await daemon.docker(['rm', '-f', runs.trim()]);
});

test('given images, when they are tagged, listed, inspected, imported and removed, then docker sees each', async () => {
  assert.is((await daemon.docker(['tag', image, 'other/name:v1'])).code, 0);
  assert.match((await daemon.docker(['images'])).stdout, /other\/name\s+v1/);
  assert.is((await daemon.docker(['image', 'inspect', '-f', '{{.Os}}', 'other/name:v1'])).stdout, 'linux\n');
  assert.match((await daemon.docker(['rmi', 'other/name:v1'])).stdout, 'Untagged: other/name:v1');
  assert.is((await daemon.docker(['run', '--rm', image, 'true'])).code, 0);
});

test('given version, info and ping, when docker asks, then it gets what it can print', async () => {
  assert.match((await daemon.docker(['version'])).stdout, /API version:\s+1\.51/);
  const info = await daemon.docker(['info']);
  assert.is(info.code, 0, info.stderr);
  assert.match(info.stdout, /Storage Driver: overlay/);
});

test('given events of the past, when docker asks with since and until, then they are all there', async () => {
  const { stdout } = await daemon.docker(
    ['events', '--since', '0', '--until', String(Math.floor(Date.now() / 1000) + 1), '--format', '{{.Type}} {{.Action}}'],
    { timeoutMs: 60_000 },
  );
  for (const line of ['image load', 'container create', 'container start', 'container die', 'container destroy'])
    assert.match(stdout, line);
});

test('given a container that was made before, when docker asks for events since then, then they tell its labels all the same', async () => {
  assert.is((await daemon.docker(['run', '-d', '--name', 'labelled', '--label', 'k=v', image, 'sleep', '600'])).code, 0);
  const since = (Date.now() / 1000).toFixed(3);
  assert.is((await daemon.docker(['rm', '-f', 'labelled'])).code, 0);
  const until = (Date.now() / 1000 + 0.001).toFixed(3);
  const { stdout } = await daemon.docker(
    ['events', '--since', since, '--until', until, '--filter', 'type=container', '--format', '{{.Action}} {{.Actor.Attributes.k}}'],
    { timeoutMs: 60_000 },
  );
  assert.equal(stdout.trim().split('\n'), ['kill v', 'die v', 'destroy v']);
});

test('given all of the above, when the host is looked at, then nothing of it is left', async () => {
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
