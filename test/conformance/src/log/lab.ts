import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createContext,
  type ErrorCode,
  type LogDriver,
  type LogReadOptions,
  type OperationContext,
  ShiplogError,
} from '@shiplog/contracts';

/** A line that a driver sent elsewhere, as its destination has it. */
export interface Received {
  readonly text: string;
  readonly stream: 'stdout' | 'stderr';
}

/** A driver under test with a destination of its own. */
export interface LogFixture {
  readonly driver: LogDriver;
  /** Of the driver's manifest. */
  readonly capabilities: { readonly [ability: string]: boolean };
  /** An empty directory, where the kit puts spools and the driver its logs. */
  readonly directory: string;
  /** Options without which the driver does not work here, such as the destination's address. */
  readonly options?: { readonly [option: string]: string };
  /** Options that make the driver keep about 100 kB, if it can rotate. */
  readonly rotation?: { readonly [option: string]: string };
  /** Ends the driver without closing what is open, and answers another over the same directories. */
  restart(): Promise<LogDriver>;
  /** What has arrived of this container, in order. For drivers that cannot read back. */
  received?(id: string): Promise<readonly Received[]>;
  /** Called at the end, failed or not. */
  cleanup(): Promise<void>;
}

export type LogFactory = () => Promise<LogFixture>;

export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;

const PATIENCE_MS = 30_000;
/** Longer than what is on its way takes to arrive. */
const CALM_MS = 1000;

/** A container that prints. */
export interface Printer {
  readonly id: string;
  readonly spool: string;
  readonly path: string;
  /** Prints whole lines, as the monitor would write them. */
  print(texts: readonly (string | Buffer)[], stream?: 'stdout' | 'stderr'): Promise<void>;
  /** Prints a part of a line. */
  printPart(text: string, stream?: 'stdout' | 'stderr'): Promise<void>;
}

/** What a check works with. */
export class Lab {
  driver: LogDriver;
  readonly #printers: Printer[] = [];
  #second = 1_767_225_600;
  /** A driver that waits keeps no process alive; a check that waits for it does. */
  readonly #alive = setInterval(() => undefined, 1000);

  constructor(readonly fixture: LogFixture) {
    this.driver = fixture.driver;
  }

  ctx(signal = AbortSignal.timeout(PATIENCE_MS)): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal });
  }

  async printer(): Promise<Printer> {
    const id = randomBytes(32).toString('hex');
    const home = join(this.fixture.directory, id);
    await mkdir(home, { recursive: true });
    const [path, direct] = [join(home, `${id}-json.log`), this.fixture.capabilities.direct === true];
    const spool = direct ? path : join(home, 'spool.log');
    const write = (texts: readonly (string | Buffer)[], stream: string, flag: string): Promise<void> =>
      appendFile(
        spool,
        Buffer.concat(
          texts.map((text) => Buffer.concat([Buffer.from(`${this.#now()} ${stream} ${flag} `), Buffer.from(text), Buffer.from('\n')])),
        ),
      );
    const printer: Printer = {
      id,
      spool,
      path,
      print: (texts, stream = 'stdout') => write(texts, stream, 'F'),
      printPart: (text, stream = 'stdout') => write([text], stream, 'P'),
    };
    this.#printers.push(printer);
    await printer.print([]);
    return printer;
  }

  async open({ id, spool, path }: Printer, more: { readonly [option: string]: string } = {}, name = 'web'): Promise<void> {
    const subject = {
      id,
      name,
      imageId: `sha256:${'a'.repeat(64)}`,
      imageName: 'busybox:latest',
      command: ['sh', '-c', 'true'],
      createdAt: '1767225600000000000',
      labels: { team: 'a', 'with space': 'x=y' },
      env: {},
    };
    await this.driver.open({ id, spool, path, options: { ...this.fixture.options, ...more }, subject }, this.ctx());
  }

  async close({ id }: Printer, signal?: AbortSignal): Promise<void> {
    await this.driver.close({ id }, this.ctx(signal));
  }

  async remove({ id, spool, path }: Printer): Promise<void> {
    await this.driver.remove({ id, spool, path }, this.ctx());
  }

  /** Reads back; throws what the driver throws. */
  async read({ id, spool, path }: Printer, more: Partial<LogReadOptions> = {}): Promise<string[]> {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const options = { id, spool, path, stdout: true, stderr: true, follow: false, ended: new AbortController().signal, signal, ...more };
    const found: string[] = [];
    for await (const { data } of this.driver.read(options)) found.push(Buffer.from(data).toString());
    assert.ok(!signal.aborted, `reading did not end within ${PATIENCE_MS / 1000} s`);
    return found;
  }

  /** Texts of all lines that came of a container, in order: read back, or as the destination has them; where that is elsewhere, once nothing more comes. */
  async texts(printer: Printer, more: Partial<LogReadOptions> = {}): Promise<string[]> {
    const { received, capabilities } = this.fixture;
    const readBack = async (): Promise<string[]> => (await this.read(printer, more)).join('').split('\n').slice(0, -1);
    if (capabilities.read === true && (capabilities.lasting !== true || more.follow === true)) return readBack();
    assert.ok(capabilities.read === true || received !== undefined, 'the fixture of a driver that cannot read back needs `received`');
    for (let before = -1; ;) {
      const now = received === undefined ? await readBack() : (await received(printer.id)).map(({ text }) => text);
      if (now.length === before) return now;
      before = now.length;
      await sleep(CALM_MS);
    }
  }

  async restart(): Promise<void> {
    this.driver = await this.fixture.restart();
  }

  async end(): Promise<void> {
    for (const printer of this.#printers) await this.remove(printer).catch(() => undefined);
    await this.fixture.cleanup();
    clearInterval(this.#alive);
  }

  /** Resolves if `work` fails with this code. */
  async refuses(work: Promise<unknown>, code: ErrorCode, words = /./): Promise<void> {
    await work.then(
      () => assert.fail(`it should have failed ${code}`),
      (error: unknown) => {
        assert.ok(error instanceof ShiplogError, `a ShiplogError, not ${String(error)}`);
        assert.equal(error.code, code);
        assert.match(error.message, words);
      },
    );
  }

  /** A moment after the one before, as the monitor writes it. */
  #now(): string {
    this.#second += 1;
    return `${new Date(this.#second * 1000).toISOString().slice(0, 19)}.000000001+00:00`;
  }
}

/** `count` lines, numbered. */
export function lines(count: number, from = 0): string[] {
  return Array.from({ length: count }, (_, index) => `line ${from + index}`);
}
