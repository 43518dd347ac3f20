import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, mkdir, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { join as joinPath } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { ShiplogError } from '@shiplog/contracts';
import { type ConnectionHost, GuestConnection } from './guest-connection.ts';
import type { ToGuest, ToHost } from './message.ts';
import { lineWire, portWire } from './wire.ts';

/**
 * Code that runs elsewhere: a plugin's module in a thread or a process of its own, a program that speaks the wire protocol, or one that
 * runs already.
 */
export type GuestSource = GuestModule | GuestCommand | GuestSocket;

interface GuestModule {
  readonly isolation: 'worker' | 'process';
  /** URLs of the plugin's module and of the one that provides the kernel port. */
  readonly module: string;
  readonly kernel: string;
}

interface GuestCommand {
  readonly isolation: 'process';
  readonly command: readonly string[];
  readonly directory: string;
}

/** A program that somebody else started, and that serves whoever connects to its socket, each connection by itself. */
interface GuestSocket {
  readonly isolation: 'process';
  readonly socket: string;
}

/** A guest that runs. */
export interface Guest {
  readonly connection: GuestConnection;
  readonly pid?: number;
  /** Resolves when it has ended, with how, for people. */
  readonly exited: Promise<string>;
  /** Ends it at once, whatever it does. */
  kill(): void;
}

export interface GuestHost extends ConnectionHost {
  /** A directory of the engine's for sockets; made if it is missing. */
  readonly socketDirectory: string;
  /** Lines the guest prints. */
  readonly printed: (line: string) => void;
}

/** Milliseconds a guest has to connect and say hello. */
const START_MS = 10_000;

/** Milliseconds in which the kernel says how a process ended whose socket is closed. */
const LAST_WORD_MS = 200;

/** Ends a process with its parent, kill -9 included (PR_SET_PDEATHSIG, prctl(2)); part of util-linux. */
const SETPRIV = '/usr/bin/setpriv';

/** Starts a guest; resolves when it has said hello. Fails DRIVER_UNAVAILABLE with its last words, and nothing stays. */
export async function startGuest(source: GuestSource, host: GuestHost): Promise<Guest> {
  const words: string[] = [];
  const printed = (line: string): void => {
    words.push(line);
    if (words.length > 5) words.shift();
    host.printed(line);
  };
  const inWorker = 'module' in source && source.isolation === 'worker';
  const guest =
    'socket' in source
      ? await join(source, host)
      : inWorker
        ? startWorker(source, host, printed)
        : await startProcess(source, host, printed);
  const late = setTimeout(() => guest.connection.end(new Error(`it did not say hello within ${START_MS / 1000} s`)), START_MS);
  try {
    await guest.connection.hello;
    return guest;
  } catch (error) {
    guest.kill();
    const how = await guest.exited;
    const said = words.length === 0 ? '' : `; its last words: ${words.join(' | ')}`;
    throw new ShiplogError('DRIVER_UNAVAILABLE', `the plugin did not start: ${messageOf(error)} (${how})${said}`, {}, { cause: error });
  } finally {
    clearTimeout(late);
  }
}

function startWorker(source: GuestModule, host: GuestHost, printed: (line: string) => void): Guest {
  const { module: plugin, kernel } = source;
  const worker = new Worker(new URL('./guest-worker.js', import.meta.url), {
    workerData: { plugin, kernel },
    stdout: true,
    stderr: true,
  });
  const connection = new GuestConnection(
    portWire<ToGuest, ToHost>(worker, () => void worker.terminate()),
    host,
  );
  for (const stream of [worker.stdout, worker.stderr]) eachLine(stream, printed);
  const exited = new Promise<string>((resolve) => {
    let failure = '';
    worker.on('error', (error: unknown) => {
      failure = messageOf(error);
      printed(error instanceof Error ? (error.stack ?? error.message) : String(error));
    });
    worker.on('exit', (code) => {
      const how = failure === '' ? `its thread ended with code ${code}` : `its thread threw: ${failure}`;
      connection.end(new Error(how));
      resolve(how);
    });
  });
  return { connection, exited, kill: () => void worker.terminate() };
}

/** Ending it is ending the connection: the program goes on. */
async function join({ socket: path }: GuestSocket, host: GuestHost): Promise<Guest> {
  const socket = connect(path);
  try {
    await once(socket, 'connect');
  } catch (error) {
    throw new ShiplogError('DRIVER_UNAVAILABLE', `nobody serves at ${path}: ${messageOf(error)}`, {}, { cause: error });
  }
  const connection = new GuestConnection(lineWire<ToGuest, ToHost>(socket), host);
  const exited = connection.ended.then((error) => error?.message ?? 'its connection ended');
  return { connection, exited, kill: () => void socket.destroy() };
}

async function startProcess(source: GuestModule | GuestCommand, host: GuestHost, printed: (line: string) => void): Promise<Guest> {
  await mkdir(host.socketDirectory, { recursive: true, mode: 0o700 });
  await chmod(host.socketDirectory, 0o700);
  const path = joinPath(host.socketDirectory, `${randomBytes(4).toString('hex')}.sock`);
  const server = createServer();
  server.listen(path);
  await once(server, 'listening');
  const child = launch(source, path);
  for (const stream of [child.stdout, child.stderr]) if (stream !== null) eachLine(stream, printed);
  const exited = new Promise<string>((resolve) => {
    child.on('error', (error) => resolve(`it cannot be run: ${error.message}`));
    child.on('exit', (code, signal) =>
      resolve(signal === null ? `its process ended with code ${code}` : `its process was ended by ${signal}`),
    );
  });
  const kill = (): void => void child.kill('SIGKILL');
  const socket = await Promise.race([connected(server), exited]);
  server.close();
  await rm(path, { force: true });
  if (typeof socket === 'string') {
    kill();
    throw new ShiplogError('DRIVER_UNAVAILABLE', `the plugin did not start: ${socket}`);
  }
  const wire = lineWire<ToGuest, ToHost>(socket);
  const connection = new GuestConnection(
    {
      ...wire,
      // A process that ends closes its socket first; how it ended is the better reason.
      listen: (heard, ended) =>
        wire.listen(
          heard,
          (error) =>
            void Promise.race([exited, sleep(LAST_WORD_MS, undefined, { ref: false })]).then((how) => ended(error ?? causeOf(how))),
        ),
    },
    host,
  );
  // One that closed its connection serves nobody any more.
  void connection.ended.then(() => setTimeout(kill, host.patienceMs).unref());
  return { connection, exited, kill, ...(child.pid === undefined ? {} : { pid: child.pid }) };
}

function causeOf(how: string | undefined): Error | undefined {
  return how === undefined ? undefined : new Error(how);
}

/** Its environment is what a program needs to run, and no more: the engine's may hold secrets. */
function launch(source: GuestModule | GuestCommand, socket: string): ChildProcess {
  const [program = '', ...args] =
    'command' in source
      ? source.command
      : [process.execPath, fileURLToPath(new URL('./guest-process.js', import.meta.url)), source.module, source.kernel];
  const { PATH = '/usr/bin:/bin', LANG = 'C.UTF-8', TZ } = process.env;
  const env = { PATH, LANG, SHIPLOG_SOCKET: socket, ...(TZ === undefined ? {} : { TZ }) };
  const options = {
    env,
    stdio: ['ignore', 'pipe', 'pipe'] as ('ignore' | 'pipe')[],
    ...('command' in source ? { cwd: source.directory } : {}),
  };
  return existsSync(SETPRIV) ? spawn(SETPRIV, ['--pdeathsig', 'KILL', '--', program, ...args], options) : spawn(program, args, options);
}

function connected(server: ReturnType<typeof createServer>): Promise<Socket | string> {
  return new Promise((resolve) => {
    const late = setTimeout(() => resolve(`it did not connect within ${START_MS / 1000} s`), START_MS);
    server.once('connection', (socket: Socket) => {
      clearTimeout(late);
      resolve(socket);
    });
  });
}

function eachLine(stream: Readable, told: (line: string) => void): void {
  let rest = '';
  stream.setEncoding('utf8').on('data', (text: string) => {
    const lines = `${rest}${text}`.split('\n');
    // A line without an end is shown in pieces rather than kept for ever.
    rest = (lines.pop() ?? '').slice(-64 * 1024);
    for (const line of lines) if (line !== '') told(line);
  });
  stream.on('end', () => {
    if (rest !== '') told(rest);
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
