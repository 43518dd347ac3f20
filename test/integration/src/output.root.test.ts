// time limit: 300 s
import { readFile, readdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('output');
const { daemon, done } = await prepare();
test.after(done);

/** Text a container's log driver has for it. */
const logs = async (name: string, ...flags: string[]): Promise<string> => (await daemon.docker(['logs', ...flags, name])).stdout;
const logPath = async (name: string): Promise<string> => (await daemon.docker(['inspect', '-f', '{{.LogPath}}', name])).stdout.trim();

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 60_000; Date.now() < end;) {
    if (await holds()) return;
    await sleep(50);
  }
  assert.unreachable('it did not come to hold within 60 s');
}

test('given the default driver, when a container prints, then its log is in the JSON lines of Docker, and is read back', async () => {
  const script = 'echo one; echo two >&2; sleep 0.3; echo -n no-end';
  assert.is(
    (await daemon.docker(['run', '--name', 'plain', '--network', 'none', '--log-opt', 'tag={{.Name}}', IMAGE, 'sh', '-c', script])).code,
    0,
  );
  assert.equal(await daemon.docker(['logs', 'plain']), { code: 0, stdout: 'one\nno-end', stderr: 'two\n' });
  assert.is(await logs('plain', '--tail', '1'), 'no-end');
  const path = await logPath('plain');
  assert.match(path, /[0-9a-f]{64}-json\.log$/);
  const lines = (await readFile(path, 'utf8')).trim().split('\n');
  assert.equal(
    lines.map((line) => JSON.parse(line)).map(({ log, stream, attrs }) => [log, stream, attrs]),
    [
      ['one\n', 'stdout', { tag: 'plain' }],
      ['two\n', 'stderr', { tag: 'plain' }],
      ['no-end', 'stdout', { tag: 'plain' }],
    ],
  );
  assert.is((await daemon.docker(['rm', 'plain'])).code, 0);
  assert.equal(await readdir(dirname(dirname(path))), []);
});

test('given output that comes while the daemon is killed again and again, when it ends, then each line is there once, in order', async () => {
  const script = 'i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); [ $((i % 100)) = 0 ] && sleep 0.05; done';
  await daemon.docker(['run', '-d', '--name', 'steady', '--network', 'none', IMAGE, 'sh', '-c', script]);
  for (const ms of [100, 350, 20]) {
    await sleep(ms);
    await daemon.end('SIGKILL');
    await sleep(100);
    await daemon.start();
  }
  await daemon.docker(['wait', 'steady']);
  const expected = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join('');
  assert.is(await logs('steady'), expected);
  const inFile = (await readFile(await logPath('steady'), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).log as string);
  assert.is(inFile.join(''), expected);
  await daemon.docker(['rm', 'steady']);
});

for (const driver of ['json-file', 'local']) {
  test(`given a chatty container and a size limit, when ${driver} has taken its output over, then neither log nor spool have grown beyond it`, async () => {
    const script = 'yes 0123456789012345678901234567890123456789 | head -c 30000000; echo; echo the end';
    const flags = ['--log-driver', driver, '--log-opt', 'max-size=1m', '--log-opt', 'max-file=3'];
    await daemon.docker(['run', '--name', 'chatty', '--network', 'none', ...flags, IMAGE, 'sh', '-c', script]);
    assert.is(await logs('chatty', '--tail', '1'), 'the end\n');
    const directory = dirname(await logPath('chatty'));
    const names = await readdir(directory);
    let [kept, spool] = [0, 0];
    for (const name of names) {
      const { blocks } = await stat(`${directory}/${name}`);
      if (name === 'spool.log') spool = blocks * 512;
      else kept += blocks * 512;
    }
    assert.ok(kept <= 3.5 * 2 ** 20, `${kept} bytes in ${names.join(', ')}`);
    assert.ok(spool <= 5 * 2 ** 20, `${spool} bytes of spool`);
    assert.ok(names.some((name) => /\.1(\.gz)?$/.test(name)));
    const all = (await logs('chatty')).split('\n');
    assert.ok(all.length > 10_000 && all.slice(0, -3).every((line) => line.length <= 40), `${all.length} lines`);
    await daemon.docker(['rm', 'chatty']);
  });
}

test('given a follower, when the container prints, is restarted and ends, then every line comes once', async () => {
  await daemon.docker([
    'create',
    '--name',
    'followed',
    '--network',
    'none',
    IMAGE,
    'sh',
    '-c',
    'for i in 1 2 3; do echo $i; sleep 0.1; done',
  ]);
  await daemon.docker(['start', 'followed']);
  assert.is(await logs('followed', '-f'), '1\n2\n3\n');
  await daemon.docker(['start', 'followed']);
  assert.is(await logs('followed', '-f'), '1\n2\n3\n1\n2\n3\n');
  await daemon.docker(['rm', '-f', 'followed']);
});

test("given options or drivers that are none, when a container is created with them, then Docker's words say so and nothing stays", async () => {
  for (const [flags, words] of [
    [['--log-opt', 'shape=round'], "unknown log opt 'shape' for json-file log driver"],
    [['--log-driver', 'pigeon'], "logger: no log driver named 'pigeon' is registered"],
    [['--log-opt', 'max-buffer-size=1m'], "logger: max-buffer-size option is only supported with 'mode=non-blocking'"],
    [['--log-opt', 'max-size=many'], "invalid size: 'many'"],
    [['--log-opt', 'tag={{.Secrets}}'], '{{.Secrets}} is not one of'],
    [['--log-driver', 'local', '--log-opt', 'mode=slow'], 'logger: logging mode not supported: slow'],
  ] as const) {
    const { code, stderr } = await daemon.docker(['create', '--name', 'refused', ...flags, IMAGE, 'true']);
    assert.is(code, 1);
    assert.ok(stderr.includes(words), stderr);
  }
  assert.is((await daemon.docker(['ps', '-aq'])).stdout, '');
});

test('given the environment option, when a record is written, then it has those variables and no others', async () => {
  const flags = ['-e', 'SHOWN=yes', '-e', 'HIDDEN=secret', '--label', 'team=a', '--log-opt', 'env=SHOWN', '--log-opt', 'labels=team,none'];
  await daemon.docker(['run', '--name', 'told', '--network', 'none', ...flags, IMAGE, 'echo', 'hi']);
  await eventually(async () => (await logs('told')) === 'hi\n');
  const { attrs } = JSON.parse(await readFile(await logPath('told'), 'utf8'));
  assert.equal(attrs, { team: 'a', SHOWN: 'yes' });
  assert.is(await logs('told', '--details'), 'SHOWN=yes,team=a hi\n');
  await daemon.docker(['rm', 'told']);
});

test.run();
