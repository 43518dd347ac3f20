// time limit: 240 s
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import { createDriver } from './create-driver.ts';

const test = suite('create-driver: behind a socket');
const KIT = fileURLToPath(import.meta.resolve('@shiplog/conformance/prove/main'));

/** Serves each connection by a program of its own that connects back, as inetd would. */
async function serve(program: string, path: string): Promise<{ close(): Promise<void> }> {
  const ends = new Set<() => void>();
  const server = createServer((outer: Socket) => {
    const back = `${path}.${ends.size}`;
    const inner = createServer((socket) => {
      inner.close();
      outer.pipe(socket).pipe(outer);
      socket.on('error', () => outer.destroy());
    });
    inner.listen(back, () => {
      const child = spawn('python3', ['driver.py'], { cwd: program, stdio: 'ignore', env: { ...process.env, SHIPLOG_SOCKET: back } });
      const end = (): void => void child.kill('SIGKILL');
      ends.add(end);
      outer.on('close', end);
      outer.on('error', end);
      child.on('exit', () => outer.destroy());
    });
  });
  server.listen(path);
  await once(server, 'listening');
  return {
    async close() {
      server.close();
      for (const end of ends) end();
      await once(server, 'close');
    },
  };
}

function prove(target: string): Promise<{ readonly code: number; readonly output: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [KIT, target, '--format', 'json'], { timeout: 200_000 }, (error, stdout, stderr) =>
      resolve({ code: error === null ? 0 : Number(error.code), output: `${stdout}${stderr}` }),
    );
  });
}

test('given a program that serves a socket, when it is proven there, then all holds, killed at every step too', async () => {
  await using temporary = await temporaryDirectory();
  const { directory } = await createDriver({ family: 'volume', name: 'snake', language: 'python', parent: temporary.path });
  const path = join(temporary.path, 'snake.sock');
  const server = await serve(directory, path);
  try {
    const { code, output } = await prove(`unix:${path}`);
    assert.is(code, 0, output);
    const checks = output.trim().split('\n').slice(0, -1);
    assert.ok(checks.length > 20, output);
    assert.ok(
      checks.some((line) => line.includes('crash of volume/snake: given create, when its driver is killed')),
      output,
    );
  } finally {
    await server.close();
  }
});

test('given a socket that nobody serves, when a driver is to be proven there, then that is said, with exit code 2', async () => {
  await using temporary = await temporaryDirectory();
  const { code, output } = await prove(`unix:${join(temporary.path, 'none.sock')}`);
  assert.is(code, 2);
  assert.match(output, /nobody serves at .*none\.sock: .*ENOENT/);
});

test.run();
