import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { access, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..');
const SOURCE = join(TOP, 'test/proofs/checker/main.go');
const CACHE = join(TOP, 'node_modules/.cache/tlog-checker');

/** What the checker answers: `ok`, or why not, with what the request asked for. */
export interface GoAnswer {
  readonly ok: boolean;
  readonly error?: string;
  readonly roots?: readonly string[];
  readonly note?: string;
  readonly text?: string;
  readonly size?: number;
  readonly inclusion?: number;
  readonly consistency?: number;
}

/** The Go program of this package, running. Hashes are Base64, data too. */
export class GoChecker implements AsyncDisposable {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;

  private constructor(path: string) {
    this.#child = spawn(path);
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Builds it unless it was built before, and starts it. Throws where Go is not installed: set-up brings it for tests. */
  static async start(): Promise<GoChecker> {
    const path = join(CACHE, hash('sha256', await readFile(SOURCE), 'hex').slice(0, 16));
    const there = await access(path).then(
      () => true,
      () => false,
    );
    if (!there) await build(path);
    return new GoChecker(path);
  }

  /** One request; answers come in order. */
  async ask(request: { readonly op: string; readonly [field: string]: unknown }): Promise<GoAnswer> {
    this.#child.stdin.write(`${JSON.stringify(request)}\n`);
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the Go checker ended');
    return JSON.parse(value) as GoAnswer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve));
    this.#child.stdin.end();
    await ended;
  }
}

/** Two tests may build at once: each in a place of its own, and the last one stays. */
async function build(path: string): Promise<void> {
  await mkdir(CACHE, { recursive: true });
  const own = `${path}.${process.pid}`;
  const env = { ...process.env, GO111MODULE: 'off', GOPATH: '/usr/share/gocode', GOCACHE: join(CACHE, 'go-build') };
  await promisify(execFile)('go', ['build', '-o', own, SOURCE], { env });
  await rename(own, path);
}
