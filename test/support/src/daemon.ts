import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdtemp, readFile, rm } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { run, type Ran } from './command.ts';
import { freeSubnet } from './free-subnet.ts';
import { PATIENCE } from './patience.ts';
import { temporaryRoot } from './sweep/run-directory.ts';

const BIN = join(dirname(fileURLToPath(import.meta.url)), '../../../node_modules/.bin');

/** An event as a test reads it: what of the envelope tests look at. */
export interface RecordedEvent {
  readonly seq: number;
  readonly stream: string;
  /** Nanoseconds since the epoch, decimal. */
  readonly t: string;
  readonly type: string;
  readonly kind: string;
  readonly op: string;
  readonly actor: { readonly scheme: string; readonly uid?: number; readonly gid?: number; readonly pid?: number; readonly start?: number };
  readonly req?: { readonly method: string; readonly route: string };
  readonly result?: { readonly status: string; readonly error?: { readonly code: string } };
  readonly data: { readonly [key: string]: unknown };
}

/** A real `shiplogd` on a root, bridge and subnet of its own, beside any other on this host. */
export class TestDaemon {
  readonly socket: string;
  #process: ChildProcess | undefined;

  private constructor(
    readonly directory: string,
    readonly bridge: string,
    readonly subnet: string,
    private readonly extra: readonly string[],
    socket = 'd.sock',
  ) {
    this.socket = join(directory, socket);
  }

  /** Starts one and waits until it answers. `extra` are more flags; `directory` takes the place of a new temporary one. */
  static async start(options: { readonly extra?: readonly string[]; readonly directory?: string } = {}): Promise<TestDaemon> {
    const directory = options.directory ?? (await mkdtemp(join(await temporaryRoot(), 'shiplog-test-')));
    const subnet = await freeSubnet();
    // Two of one name would be one.
    const bridge = `slt${subnet.replaceAll('.', 'x')}`;
    const daemon = new TestDaemon(directory, bridge, `${subnet}.0/24`, options.extra ?? []);
    await daemon.start();
    return daemon;
  }

  /** Another on the same root, not started, with a socket of its own. */
  static beside(other: TestDaemon): TestDaemon {
    return new TestDaemon(other.directory, other.bridge, other.subnet, other.extra, 'twin.sock');
  }

  get flags(): string[] {
    const { directory, socket, bridge, subnet } = this;
    return [
      '--root',
      join(directory, 'root'),
      '--run',
      join(directory, 'run'),
      '--docker-socket',
      socket,
      '--network-bridge',
      bridge,
      '--network-subnet',
      subnet,
      // No test depends on what others put into the world, or waits for it.
      '--registry',
      '127.0.0.1',
      ...this.extra,
    ];
  }

  get pid(): number {
    return this.#process?.pid ?? 0;
  }

  /** The environment that points clients at it. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...process.env,
      DOCKER_HOST: `unix://${this.socket}`,
      SHIPLOG_HOST: `unix://${this.socket}`,
      DOCKER_CONFIG: join(this.directory, 'docker-config'),
    };
  }

  async start(): Promise<void> {
    const log = join(this.directory, 'shiplogd.log');
    // For hostTraces: whose links are whose.
    const child = spawn(join(BIN, 'shiplogd'), this.flags, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#process = child;
    let last = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        last = text;
        void appendFile(log, text).catch(() => undefined);
      });
    }
    for (let tries = 0; tries < 4800 * PATIENCE; tries += 1) {
      if (child.exitCode !== null || child.signalCode !== null)
        throw new Error(`shiplogd ended with ${child.exitCode ?? child.signalCode}: ${last}`);
      if (existsSync(this.socket) && (await answers(this.socket))) return;
      await sleep(25);
    }
    throw new Error(`shiplogd did not answer in ${120 * PATIENCE} s: ${last}`);
  }

  /** Ends it with a signal and waits until it is gone. */
  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#process;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  /** Waits until it has ended by itself. Resolves with its exit code, or the signal's name. */
  async ended(timeoutMs = 60_000): Promise<number | string> {
    const child = this.#process;
    if (child === undefined) throw new Error('shiplogd was not started');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit', { signal: AbortSignal.timeout(timeoutMs) });
    return child.exitCode ?? child.signalCode ?? 'unknown';
  }

  /** The stock docker command against it. */
  docker(args: readonly string[], options: { readonly input?: string | Uint8Array; readonly timeoutMs?: number } = {}): Promise<Ran> {
    return run('docker', args, { env: this.env, ...options });
  }

  /** What the docker command prints, without space around it. Throws, with what it says, unless it ends with 0. */
  async said(args: readonly string[]): Promise<string> {
    const { code, stdout, stderr } = await this.docker(args);
    if (code !== 0) throw new Error(`docker ${args.join(' ')} ended with ${code}: ${stderr}`);
    return stdout.trim();
  }

  /** The shiplog command against it. */
  shiplog(
    args: readonly string[],
    { env = {}, ...options }: { readonly input?: string | Uint8Array; readonly timeoutMs?: number; readonly env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    return run(join(BIN, 'shiplog'), args, { env: { ...this.env, ...env }, ...options });
  }

  /** All events so far, from a position on: full envelopes. By its native API, since a command takes longer to begin than to ask. */
  async events(from = 0): Promise<readonly RecordedEvent[]> {
    const asked = request({ socketPath: this.socket, path: `/shiplog/v1/events?from=${from}`, agent: false });
    const answered = once(asked, 'response') as Promise<[IncomingMessage]>;
    asked.end();
    const [response] = await answered;
    const lines = (await text(response)).split('\n').filter((line) => line !== '');
    if (response.statusCode !== 200) throw new Error(`events of shiplogd: ${response.statusCode} ${lines.join()}`);
    return lines.map((line) => {
      const event = JSON.parse(line) as RecordedEvent | { readonly error: object };
      if ('error' in event) throw new Error(`events of shiplogd: ${line}`);
      return event;
    });
  }

  /** What it logged. */
  log(): Promise<string> {
    return readFile(join(this.directory, 'shiplogd.log'), 'utf8').catch(() => '');
  }

  /** Removes everything it holds on the host, and its directory. */
  async destroy(): Promise<void> {
    await this.end();
    const { code, stderr } = await run(join(BIN, 'shiplogd'), [...this.flags, '--teardown'], { timeoutMs: 60_000 });
    // What is left is still to be taken down by its engine id: keep it, and say where.
    if (code !== 0) throw new Error(`teardown of ${this.directory} failed: ${stderr}`);
    await rm(this.directory, { recursive: true, force: true });
  }
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(socket);
    probe.on('connect', () => {
      probe.destroy();
      resolve(true);
    });
    probe.on('error', () => resolve(false));
  });
}
