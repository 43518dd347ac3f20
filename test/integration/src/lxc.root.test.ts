// time limit: 300 s
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fetchText, hostTraces, type Ran } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('lxc, with the docker command');
const { daemon, scratch, done } = await prepare();
test.after(done);

function run(flags: readonly string[], ...command: readonly string[]): Promise<Ran> {
  return daemon.docker(['run', '--runtime', 'lxc', ...flags, IMAGE, ...command]);
}

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

async function said(flags: readonly string[], script: string): Promise<string> {
  const { code, stdout, stderr } = await run(['--rm', ...flags], 'sh', '-c', script);
  assert.is(code, 0, stderr);
  return stdout.trim();
}

test('given the options of docker run, when a container is run, then it is as they say', async () => {
  const options = [
    '--read-only',
    '-u',
    '1000:33',
    '-w',
    '/work/here',
    '-h',
    'box',
    '-e',
    'GREETING=a b',
    '--tmpfs',
    '/t',
    '-v',
    'data:/data',
  ];
  const limits = ['-m', '64m', '--ulimit', 'nofile=100:200', '--cap-drop', 'ALL', '--security-opt', 'no-new-privileges'];
  const script = [
    'id -u; id -g; pwd; hostname; echo $GREETING; ulimit -n; cat /sys/fs/cgroup/memory/memory.limit_in_bytes',
    'grep -E "^(CapBnd|NoNewPrivs|Seccomp):" /proc/self/status',
    'touch /x 2>/dev/null || echo sealed; touch /t/x && echo temporary; mount | grep -c " /data "',
  ];
  const lines = (await said([...options, ...limits], script.join('; '))).split('\n');
  assert.equal(lines.slice(0, 7), ['1000', '33', '/work/here', 'box', 'a b', '100', String(64 << 20)]);
  assert.equal(lines.slice(7), ['CapBnd:\t0000000000000000', 'NoNewPrivs:\t1', 'Seccomp:\t2', 'sealed', 'temporary', '1']);
});

test('given no options, when a container is run, then it sees no more of the host than with other runtimes', async () => {
  // The shell that lists them has one open as well.
  assert.match(await said([], 'ls /proc/self/fd'), /^0\n1\n2\n\d+$/);
  assert.is(await said([], 'wc -c < /proc/keys; (echo 1 > /proc/sys/vm/swappiness) 2>/dev/null || echo sealed'), '0\nsealed');
  assert.is(await said([], 'mknod /x b 7 0 && head -c 1 /x >/dev/null 2>&1 || echo refused'), 'refused');
  assert.is(await said([], 'ls /sys/firmware; cat /proc/self/cgroup | grep -c -v ":/$"; true'), '0');
  assert.match(await said(['--cgroupns', 'host'], 'cat /proc/self/cgroup'), /memory:\/.*shiplog-/);
  const bounding = await said([], 'grep CapBnd /proc/self/status');
  assert.is(bounding, await said(['--runtime', 'crun'], 'grep CapBnd /proc/self/status'));
});

test('given a terminal, when a program runs on it, then it is its controlling terminal', async () => {
  const { stdout } = await run(['--rm', '-t'], 'sh', '-c', 'tty; echo said > /dev/tty');
  assert.is(stdout, '/dev/console\r\nsaid\r\n');
});

test('given a server with a published port, when the daemon is killed, then it goes on, and can be executed in, stopped, started and removed', async () => {
  await docker('run', '-d', '--name', 'server', '--runtime', 'lxc', '-p', '127.0.0.1::80', IMAGE, 'httpd', '-f', '-h', '/www');
  const page = async (): Promise<string> => fetchText(`http://${await docker('port', 'server', '80/tcp')}/`);
  const first = await page();
  assert.is.not(first, '');
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await page(), first);
  assert.is(await docker('exec', '-u', '1000', '-w', '/tmp', '-e', 'X=y', 'server', 'sh', '-c', 'echo $(id -u) $(pwd) $X'), '1000 /tmp y');
  // Whoever reaches LXC's monitor as root can command it.
  assert.not.match(await said(['--network', 'host'], 'cat /proc/net/unix'), /@\S*lxc\S*$/im);
  assert.match(await docker('top', 'server'), /httpd -f -h \/www/);
  const pid = await docker('inspect', '-f', '{{.State.Pid}}', 'server');
  assert.match(await readFile(`/proc/${pid}/cmdline`, 'utf8'), /^httpd/);
  await docker('stop', '-t', '1', 'server');
  assert.is(await docker('inspect', '-f', '{{.State.ExitCode}} {{.HostConfig.Runtime}}', 'server'), '137 lxc');
  await docker('start', 'server');
  assert.is(await page(), first);
  await docker('rm', '-f', 'server');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given programs that fail, when they are run, then docker exits as it does with other runtimes', async () => {
  assert.is((await run(['--rm'], 'sh', '-c', 'exit 7')).code, 7);
  assert.is((await run(['--rm'], 'nope')).code, 127);
  assert.is((await run(['--rm'], '/etc')).code, 126);
  const rebooted = await run(['--rm', '--privileged', '-v', '/bin/busybox:/bin/reboot'], 'reboot', '-f');
  assert.equal([rebooted.code, rebooted.stdout, rebooted.stderr], [129, '', '']);
  const { code } = await run(['--name', 'greedy', '-m', '16m'], 'sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x="$x$x"; done');
  assert.is(code, 137);
  assert.is(await docker('inspect', '-f', '{{.State.OOMKilled}}', 'greedy'), 'true');
  await docker('rm', 'greedy');
});

test('given a file of the host and a privileged container, when they are used, then the file is there and the devices are', async () => {
  const shown = ['-v', `${scratch}/busybox.tar:/var/run/archive:ro`];
  assert.match(await said(shown, 'wc -c < /var/run/archive'), /^\d{5,}$/);
  assert.match(
    await said(['--privileged'], 'ls -l /dev/loop-control; grep CapEff /proc/self/status'),
    /loop-control[^]*CapEff:\t0*[1-9a-f]/,
  );
  assert.match(await said(['--device', '/dev/full:/dev/brim'], 'echo x 2>&1 > /dev/brim || true'), /No space left/);
});

test('given another container, when one joins its namespaces, then it sees its processes and its network', async () => {
  await docker('run', '-d', '--name', 'first', '--runtime', 'lxc', IMAGE, 'sleep', '1000');
  const seen = await said(['--pid', 'container:first', '--network', 'container:first'], 'ps; ls /sys/class/net');
  assert.match(seen, /sleep 1000[^]*eth0/);
  await docker('rm', '-f', 'first');
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
