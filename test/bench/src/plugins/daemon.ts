import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:http';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SHIPLOGD = fileURLToPath(new URL('../../../../node_modules/.bin/shiplogd', import.meta.url));

/** A daemon whose own words are the clock: what it says on stderr is heard as it is said. */
export class Daemon {
  static readonly all: Daemon[] = [];
  readonly #flags: readonly string[];
  readonly #socket: string;
  readonly #waiting: { readonly text: string; readonly heard: () => void }[] = [];
  #child: ChildProcess | undefined;

  constructor(directory: string, plugins: readonly string[], extra: readonly string[] = []) {
    const number = Daemon.all.push(this);
    this.#socket = join(directory, 'd.sock');
    this.#flags = [
      '--root',
      join(directory, 'root'),
      '--run',
      join(directory, 'run'),
      '--docker-socket',
      this.#socket,
      '--network-bridge',
      `slb${process.pid % 100_000}x${number}`,
      '--network-subnet',
      `10.${200 + number}.77.0/24`,
      ...plugins.flatMap((plugin) => ['--plugin', plugin]),
      ...extra,
    ];
  }

  /** Milliseconds from exec to ready. */
  async start(): Promise<number> {
    const began = performance.now();
    const ready = this.line('"ready"');
    const child = spawn(SHIPLOGD, [...this.#flags], { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    const said: string[] = [];
    createInterface(child.stderr).on('line', (line) => {
      said.push(line);
      for (const wait of this.#waiting.filter(({ text }) => line.includes(text))) {
        this.#waiting.splice(this.#waiting.indexOf(wait), 1);
        wait.heard();
      }
    });
    const ended = once(child, 'exit').then(() => {
      throw new Error(`shiplogd ended: ${said.slice(-3).join('\n')}`);
    });
    await Promise.race([ready, ended]);
    ended.catch(() => undefined);
    return performance.now() - began;
  }

  /** Resolves when it says a line with this in it. */
  line(text: string): Promise<void> {
    return new Promise((heard) => this.#waiting.push({ text, heard }));
  }

  async end(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  }

  volume(driver: string, name: string): Promise<void> {
    return this.#ask('POST', '/v1.44/volumes/create', { Name: name, Driver: driver });
  }

  async volumeAndBack(driver: string, name: string): Promise<void> {
    await this.volume(driver, name);
    await this.#ask('DELETE', `/v1.44/volumes/${name}`);
  }

  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    const child = spawn(SHIPLOGD, [...this.#flags, '--teardown'], { stdio: 'ignore' });
    await once(child, 'exit');
  }

  #ask(method: string, path: string, body?: object): Promise<void> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? '' : JSON.stringify(body);
      const headers = { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(text) };
      const asked = request({ socketPath: this.#socket, method, path, headers }, (response) => {
        response.resume().on('end', () => {
          if ((response.statusCode ?? 500) < 300) resolve();
          else reject(new Error(`${method} ${path} answers ${response.statusCode}`));
        });
      });
      asked.on('error', reject);
      asked.end(text);
    });
  }
}
