import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createWriteStream } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pack } from 'tar-fs';
import { TourEngine } from './engine.ts';
import { chapter, command, holds, output } from './narrate.ts';
import { run } from './shell.ts';

const APPLETS = ['sh', 'echo', 'cat', 'ls', 'ps', 'sleep', 'httpd', 'wget', 'hostname', 'ip', 'id'];

const directory = await mkdtemp(join(tmpdir(), 'shiplog-tour-'));
const engine = new TourEngine(directory, `sltour${process.pid % 10_000}`, '172.29.213.0/24');
let interrupted = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => {
    interrupted = true;
  });
}

try {
  await tour();
} catch (error) {
  process.exitCode = 1;
  process.stderr.write(`\nThe tour stopped: ${error instanceof Error ? error.message : String(error)}\n`);
} finally {
  chapter('Cleaning up');
  await engine.tearDown().catch((error: unknown) => {
    process.exitCode = 1;
    process.stderr.write(`${String(error)}\n`);
  });
  await rm(directory, { recursive: true, force: true });
  process.stdout.write('Nothing is left of the tour.\n');
}

async function tour(): Promise<void> {
  chapter('1. An engine on a throwaway root');
  command(['shiplogd', ...engine.flags]);
  await engine.start();

  chapter("2. A small image from Debian's busybox-static");
  const tarball = await rootfs();
  await shiplog(['import', tarball, 'busybox:tour']);
  await shiplog(['images']);

  chapter('3. A container on a bridge, with a published port');
  await shiplog(['run', '-d', '--name', 'web', '-p', '127.0.0.1:0:80', 'busybox:tour', 'httpd', '-f', '-p', '80', '-h', '/www']);
  await shiplog(['ps']);
  const port = JSON.parse((await quiet(['inspect', 'web'])).stdout)[0].NetworkSettings.Ports['80/tcp'][0].HostPort;
  check(await fetched(port), `port ${port} of 127.0.0.1 reaches the container`);

  chapter('4. Another process in it');
  await shiplog(['exec', 'web', 'ps']);

  chapter('5. kill -9 the engine, and start it again');
  const before = JSON.parse((await quiet(['inspect', 'web'])).stdout)[0].State.Pid;
  command(['kill', '-9', 'shiplogd']);
  await engine.end('SIGKILL');
  check(await fetched(port), 'with no engine at all, the container still answers');
  await engine.start();
  const after = JSON.parse((await quiet(['inspect', 'web'])).stdout)[0].State.Pid;
  check(before === after, `the engine is back and knows the same process, ${after}`);

  chapter('6. Stop it, remove it');
  await shiplog(['stop', '-t', '1', 'web']);
  await shiplog(['rm', 'web']);
  await shiplog(['ps', '-a']);

  chapter('7. Everything that happened is in the log');
  await shiplog(['events', '--from', '0'], 60);

  chapter('8. The removed container, as it was');
  const { stdout } = await quiet(['events', '--from', '0', '--format', 'json']);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const running = events.find((event) => event.type === 'container.start.succeeded').seq;
  await shiplog(['inspect', 'web', '--at', String(running)], 12);

  chapter('9. The log, verified, and folded again');
  await shiplog(['log', 'verify']);
  const first = await stateHash();
  await engine.end('SIGTERM');
  await engine.start();
  check(
    first.hash === (await stateHash(first.seq)).hash,
    `folded again from the first event, the state at ${first.seq} has the same hash ${first.hash.slice(0, 16)}…`,
  );
}

/** The hash of the engine's state at a position; at the last one if absent. */
async function stateHash(seq?: number): Promise<{ readonly seq: number; readonly hash: string }> {
  const { stdout } = await quiet(['log', 'hash', ...(seq === undefined ? [] : ['--at', String(seq)]), '--format', 'json']);
  return JSON.parse(stdout);
}

async function rootfs(): Promise<string> {
  const root = join(directory, 'rootfs');
  for (const part of ['bin', 'www', 'tmp', 'proc', 'dev', 'sys', 'etc']) await mkdir(join(root, part), { recursive: true });
  await cp('/bin/busybox', join(root, 'bin/busybox'));
  for (const applet of APPLETS) await symlink('busybox', join(root, 'bin', applet));
  await writeFile(join(root, 'www/index.html'), 'Hello from a container that is in the log.\n');
  const tarball = join(directory, 'rootfs.tar');
  await pipeline(pack(root), createWriteStream(tarball));
  return tarball;
}

/** Runs a shiplog command, shown with its answer. Throws if it fails. */
async function shiplog(words: readonly string[], lines?: number): Promise<void> {
  command(['shiplog', ...words]);
  output((await quiet(words)).stdout, lines);
}

async function quiet(words: readonly string[]) {
  if (interrupted) throw new Error('interrupted');
  const ran = await run('shiplog', ['--host', `unix://${engine.socket}`, ...words]);
  if (ran.code !== 0) throw new Error(`shiplog ${words.join(' ')} ended with ${ran.code}: ${ran.stderr}`);
  return ran;
}

async function fetched(port: string): Promise<boolean> {
  for (let tries = 0; tries < 50; tries += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/`);
      return (await response.text()).startsWith('Hello');
    } catch (error) {
      if (tries === 49) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return false;
}

function check(holding: boolean, text: string): void {
  if (!holding) throw new Error(`this does not hold: ${text}`);
  holds(text);
}
