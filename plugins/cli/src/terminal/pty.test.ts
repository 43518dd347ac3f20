import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { access } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { FakeDaemon, frame } from '../fake-daemon.test.double.ts';

/* With a real terminal, made by script(1) of util-linux, and the command in a process of its own. */
const test = suite('pty');
const ID = 'c'.repeat(64);
const MAIN = fileURLToPath(new URL('../main.js', import.meta.url));

const SCRIPT = '/usr/bin/script';
const hasScript = await access(SCRIPT).then(
  () => true,
  () => false,
);
if (!hasScript) console.log('# skipped: there is no script(1) to make a terminal with');

function inTerminal(daemon: FakeDaemon, command: string): ChildProcess {
  const shell = `stty rows 31 cols 97; ${process.execPath} ${MAIN} ${command}; echo "exit=$?"; stty -a | grep -o -- '-\\?icanon'`;
  return spawn(SCRIPT, ['-qec', shell, '/dev/null'], {
    env: { ...process.env, SHIPLOG_HOST: daemon.host },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
}

/** Everything on the screen until `text` is there. */
async function waitFor(child: ChildProcess, screen: { text: string }, text: string): Promise<void> {
  while (!screen.text.includes(text)) {
    if (child.exitCode !== null) throw new Error(`ended without ${JSON.stringify(text)}: ${screen.text}`);
    await Promise.race([once(child.stdout!, 'data'), once(child, 'close')]);
  }
}

function watch(child: ChildProcess): { text: string } {
  const screen = { text: '' };
  child.stdout?.on('data', (chunk: Buffer) => (screen.text += chunk.toString()));
  return screen;
}

if (hasScript) {
  test('given run -it on a terminal, when keys are typed, then they arrive raw, the size is set, and the terminal is restored', async () => {
    await FakeDaemon.run(async (daemon) => {
      daemon.tty = true;
      daemon.process = (socket) => {
        socket.write('ready ');
        socket.on('data', (keys: Buffer) => {
          socket.end(`got ${keys.toString('hex')} `);
          daemon.finish(5);
        });
      };
      const child = inTerminal(daemon, 'run -it busybox sh');
      const screen = watch(child);
      await waitFor(child, screen, 'ready');
      // ctrl-c is a key for the process, not a signal for us.
      child.stdin?.write('\u0003');
      await waitFor(child, screen, 'exit=');
      await once(child, 'close');
      assert.match(screen.text, 'got 03');
      assert.match(screen.text, 'exit=5');
      assert.match(screen.text, /exit=5\s+icanon/);
      const resize = daemon.seen.find((seen) => seen.path === `/containers/${ID}/resize`);
      assert.is(resize?.query.get('h'), '31');
      assert.is(resize?.query.get('w'), '97');
      const create = daemon.body('POST /containers/create') as { Tty: boolean; HostConfig: { ConsoleSize: number[] } };
      assert.ok(create.Tty);
      assert.equal(create.HostConfig.ConsoleSize, [31, 97]);
    });
  });

  test('given run -it, when ctrl-p ctrl-q is typed, then the engine is told, and it leaves with 0 whether or not the engine answers', async () => {
    await FakeDaemon.run(async (daemon) => {
      daemon.tty = true;
      const typed: Buffer[] = [];
      daemon.process = (socket) => {
        socket.write('ready ');
        socket.on('data', (keys: Buffer) => void typed.push(keys));
      };
      const child = inTerminal(daemon, 'run -it busybox sh');
      const screen = watch(child);
      await waitFor(child, screen, 'ready');
      child.stdin?.write('a\u0010b\u0010\u0011');
      await waitFor(child, screen, 'exit=');
      await once(child, 'close');
      assert.match(screen.text, /exit=0\s+icanon/);
      assert.is(Buffer.concat(typed).toString(), 'a\u0010b\u0010\u0011');
    });
  });

  for (const [typed, exit] of [
    ['yes\r', 0],
    ['\r', 1],
    ['\u0004', 1],
  ] as const) {
    test(`given a question on a terminal, when ${JSON.stringify(typed)} is typed, then the engine is asked only after a yes`, async () => {
      await FakeDaemon.run(async (daemon) => {
        daemon.answers.set('POST /containers/prune', () => ({ ContainersDeleted: ['c1'], SpaceReclaimed: 0 }));
        const child = inTerminal(daemon, 'container prune --filter label=ci');
        const screen = watch(child);
        await waitFor(child, screen, 'Go on? [y/N]');
        assert.match(screen.text, /This removes for good:\s+- containers that do not run\s+and of these only what fits label=ci\./);
        child.stdin?.write(typed);
        await waitFor(child, screen, 'exit=');
        await once(child, 'close');
        assert.match(screen.text, `exit=${exit}`);
        assert.equal(daemon.calls, exit === 0 ? ['POST /containers/prune'] : []);
        assert.match(screen.text, exit === 0 ? 'c1' : 'Nothing was removed.');
      });
    });
  }
}

test('given run without a terminal, when it gets a signal, then the process gets it', async () => {
  await FakeDaemon.run(async (daemon) => {
    daemon.process = (socket) => {
      socket.write(frame(1, 'ready'));
      daemon.answers.set(`POST /containers/${ID}/kill`, () => {
        socket.end();
        daemon.finish(143);
        return [204, undefined];
      });
    };
    const child = spawn(process.execPath, [MAIN, 'run', 'busybox'], { env: { ...process.env, SHIPLOG_HOST: daemon.host } });
    await once(child.stdout, 'data');
    child.kill('SIGTERM');
    const [code] = (await once(child, 'close')) as [number];
    assert.is(code, 143);
    assert.is(daemon.seen.find((seen) => seen.path.endsWith('/kill'))?.query.get('signal'), 'SIGTERM');
  });
});

test.run();
