import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon, frame } from '../fake-daemon.test.double.ts';
import { runShiplog } from '../run-shiplog.test.double.ts';

const test = suite('session');
const ID = 'c'.repeat(64);
/** The command as it is installed. */
const SHIPLOG = fileURLToPath(new URL('../../bin/shiplog', import.meta.url));

test('given run, when it is asked, then attach and wait come before start, and the exit code is the process’s', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.process = (socket) => {
      socket.end(Buffer.concat([frame(1, 'out\n'), frame(2, 'err\n'), frame(1, 'late\n')]));
      daemon.finish(7);
    };
    const ran = await runShiplog(['run', '--rm', 'busybox', 'x'], { host: daemon.host });
    assert.equal(ran, { code: 7, stdout: 'out\nlate\n', stderr: 'err\n' });
    const calls = daemon.calls;
    assert.equal(calls.slice(0, 4), [
      'POST /containers/create',
      `POST /containers/${ID}/attach`,
      `POST /containers/${ID}/wait`,
      `POST /containers/${ID}/start`,
    ]);
    assert.is(daemon.seen.find((seen) => seen.path.endsWith('/wait'))?.query.get('condition'), 'removed');
  });
});

test('given input that ends, when run -i reads it, then the process sees its end and late output still comes', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.process = (socket, _daemon, head) => {
      const read = [head];
      socket.on('data', (chunk: Buffer) => read.push(chunk));
      socket.on('end', () => {
        socket.end(frame(1, `got ${Buffer.concat(read).toString()}`));
        daemon.finish(0);
      });
    };
    const ran = await runShiplog(['run', '-i', 'busybox', 'cat'], { host: daemon.host, input: 'hello' });
    assert.equal(ran, { code: 0, stdout: 'got hello', stderr: '' });
  });
});

test('given run -d, when it started, then its id is printed and nothing is attached', async () => {
  await FakeDaemon.run(async (daemon) => {
    const ran = await runShiplog(['run', '-d', 'busybox'], { host: daemon.host });
    assert.equal(ran, { code: 0, stdout: `${ID}\n`, stderr: '' });
    assert.equal(daemon.calls, ['POST /containers/create', `POST /containers/${ID}/start`]);
  });
});

for (const [message, code] of [
  ['exec: "nope": executable file not found in $PATH', 127],
  ['exec: "/etc": is a directory: permission denied', 126],
  ['driver failed: no memory', 125],
] as const) {
  test(`given a start that fails with "${message}", when run --rm sees it, then it exits ${code} and removes what never ran`, async () => {
    await FakeDaemon.run(async (daemon) => {
      daemon.process = () => undefined;
      daemon.answers.set(`POST /containers/${ID}/start`, () => [400, { message }]);
      const ran = await runShiplog(['run', '--rm', 'busybox'], { host: daemon.host });
      assert.is(ran.code, code);
      assert.match(ran.stderr, `shiplog: ${message}`);
      assert.ok(daemon.calls.includes(`DELETE /containers/${ID}`));
    });
  });
}

test('given an image that is nowhere, when run asks for it, then it is pulled in vain, and it says how to load it', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /containers/create', () => [404, { message: 'No such image: nope:latest' }]);
    daemon.answers.set('POST /images/create', () => [404, { message: 'manifest for nope:latest not found' }]);
    const ran = await runShiplog(['run', 'nope'], { host: daemon.host });
    assert.is(ran.code, 125);
    assert.match(ran.stderr, /manifest for nope:latest not found\nload it first/);
    const asked = (): number => daemon.calls.filter((call) => call.startsWith('POST /images/create')).length;
    assert.is(asked(), 1);
    const never = await runShiplog(['run', '--pull', 'never', 'nope'], { host: daemon.host });
    assert.match(never.stderr, /No such image: nope:latest\nload it first/);
    assert.is(asked(), 1);
  });
});

test('given an image that is not there, when run asks for it, then it is pulled first, and what is said of that is on stderr', async () => {
  await FakeDaemon.run(async (daemon) => {
    let pulled = false;
    daemon.answers.set('POST /containers/create', () =>
      pulled ? [201, { Id: ID, Warnings: [] }] : [404, { message: 'No such image: late:latest' }],
    );
    daemon.answers.set('POST /images/create', () => {
      pulled = true;
      return [200, { status: 'Status: Downloaded newer image for late:latest' }];
    });
    const ran = await runShiplog(['create', 'late'], { host: daemon.host });
    assert.is(ran.code, 0, ran.stderr);
    assert.match(ran.stderr, /Unable to find image 'late' locally\nStatus: Downloaded newer image for late:latest\n/);
    assert.not.match(ran.stdout, /Downloaded/);
  });
});

test('given a refusal that is not about the image, when run asks for a container, then nothing is pulled, and nobody is told to load one', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.answers.set('POST /containers/create', () => [501, { message: 'this driver has no quotas' }]);
    const ran = await runShiplog(['run', 'there'], { host: daemon.host });
    assert.equal(ran, { code: 125, stdout: '', stderr: 'shiplog: this driver has no quotas\n' });
    daemon.answers.set('POST /containers/create', () => [404, { message: 'No such image: there:latest' }]);
    assert.match((await runShiplog(['run', '--pull', 'never', 'there'], { host: daemon.host })).stderr, 'load it first');
    assert.not(daemon.calls.includes('POST /images/create'));
  });
});

test('given a file with the environment of a container, when the installed command reads it, then it is the container’s alone, and one that is missing is told', async () => {
  await FakeDaemon.run(async (daemon) => {
    const file = join(daemon.directory, 'env');
    await writeFile(file, 'NODE_OPTIONS=--no-such-option\nSHIPLOG_HOST=unix:///elsewhere\nA=b\n');
    const create = async (path: string): Promise<{ readonly code: number; readonly stderr: string }> => {
      const { SHIPLOG_HOST: _, ...env } = process.env;
      const child = spawn(SHIPLOG, ['create', '--env-file', path, 'busybox'], { env: { ...env, DOCKER_HOST: daemon.host } });
      const [stderr, [code]] = await Promise.all([text(child.stderr), once(child, 'close') as Promise<[number]>]);
      return { code, stderr };
    };
    assert.equal(await create(file), { code: 0, stderr: '' });
    const { Env } = daemon.body('POST /containers/create') as { readonly Env: readonly string[] };
    assert.equal(Env, ['NODE_OPTIONS=--no-such-option', 'SHIPLOG_HOST=unix:///elsewhere', 'A=b']);
    const missing = await create(join(daemon.directory, 'nosuch'));
    assert.match(missing.stderr, /^shiplog: cannot read --env-file .*nosuch/);
  });
});

test('given exec, when its process ends, then its exit code comes from the session', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.process = (socket) => void socket.end(frame(1, 'hi\n'));
    daemon.answers.set('GET /exec/e1/json', () => ({ Running: false, ExitCode: 3 }));
    const ran = await runShiplog(['exec', '-e', 'A=1', '-w', '/x', 'web', 'ls', '-l'], { host: daemon.host });
    assert.equal(ran, { code: 3, stdout: 'hi\n', stderr: '' });
    assert.equal(daemon.body('POST /containers/web/exec'), {
      Cmd: ['ls', '-l'],
      AttachStdin: false,
      AttachStdout: true,
      AttachStderr: true,
      Tty: false,
      WorkingDir: '/x',
      Env: ['A=1'],
    });
    assert.equal(daemon.body('POST /exec/e1/start'), { Detach: false, Tty: false });
  });
});

test('given -t with a pipe as input, when stdin is asked for too, then it is refused before anything happens', async () => {
  await FakeDaemon.run(async (daemon) => {
    const ran = await runShiplog(['run', '-it', 'busybox'], { host: daemon.host });
    assert.is(ran.code, 125);
    assert.match(ran.stderr, 'leave -t out');
    assert.equal(daemon.calls, []);
  });
});

test('given no engine, when a verb needs one, then it says how to start it', async () => {
  const ran = await runShiplog(['ps']);
  assert.is(ran.code, 1);
  assert.match(ran.stderr, /no engine answers at unix:\/\/\/nonexistent\/shiplog\.sock\nstart it with `shiplogd`/);
  assert.is((await runShiplog(['run', 'busybox'])).code, 125);
});

test.run();
