import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import {
  createContext,
  type ErrorCode,
  ERRORS,
  type IoChannel,
  type OperationContext,
  type ProcessExit,
  type RuntimeDriver,
  ShiplogError,
} from '@shiplog/contracts';
import type { RuntimeFixture } from './fixture.ts';
import type { SpecOptions } from './spec.ts';

type CreateArgs = Parameters<RuntimeDriver['create']>[0];

/** What a check asks for beside the command. */
export interface Asked extends SpecOptions {
  readonly id?: string;
  readonly user?: string;
  readonly groups?: readonly string[];
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
  readonly seccomp?: string;
  readonly files?: { readonly [name: string]: string };
}

export interface AskedExec {
  readonly user?: string;
  readonly terminal?: boolean;
  readonly stdin?: boolean;
  readonly cwd?: string;
  readonly env?: readonly string[];
}

/** All a process said and how it ended. */
export interface Ran {
  readonly id: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Registers one check. */
export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;

/** Milliseconds. Long beside what anything here takes, so that a busy machine fails nothing. */
const PATIENCE = 15_000;

/** What `create` is asked for. */
export function createArgs(
  { spec, logPath, runtime }: Pick<RuntimeFixture, 'spec' | 'logPath' | 'runtime'>,
  args: readonly string[],
  { id, ...asked }: Asked & { readonly id: string },
): CreateArgs {
  return {
    id,
    spec: spec(id, args, asked),
    user: asked.user ?? '',
    groups: [...(asked.groups ?? [])],
    seccomp: asked.seccomp ?? 'default',
    devices: [],
    allDevices: false,
    init: false,
    files: { ...asked.files },
    directories: [],
    terminal: asked.terminal ?? false,
    stdin: asked.stdin ?? false,
    stdinOnce: asked.stdinOnce ?? false,
    log: { driver: 'k8s-file', path: logPath(id), options: {} },
    runtime,
  };
}

/** What a check works with: the driver, and shorthands for its life-cycle. */
export class Lab {
  driver: RuntimeDriver;
  readonly fixture: RuntimeFixture;
  readonly #created = new Set<string>();
  readonly #ids: string[] = [];
  readonly #exits: ProcessExit[] = [];
  #following = new AbortController();
  #failure: unknown;
  #wake = (): void => undefined;

  constructor(fixture: RuntimeFixture) {
    this.fixture = fixture;
    this.driver = fixture.driver;
    this.#follow();
  }

  ctx(signal: AbortSignal = new AbortController().signal): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal });
  }

  newId(): string {
    const id = randomBytes(32).toString('hex');
    this.#ids.push(id);
    return id;
  }

  createArgs(args: readonly string[], asked: Asked = {}): CreateArgs {
    const id = asked.id ?? this.newId();
    this.#created.add(id);
    return createArgs(this.fixture, args, { ...asked, id });
  }

  async create(args: readonly string[], asked: Asked = {}): Promise<string> {
    const all = this.createArgs(args, asked);
    await this.driver.create(all, this.ctx());
    return all.id;
  }

  /** Creates and starts. */
  async up(args: readonly string[], asked: Asked = {}): Promise<string> {
    const id = await this.create(args, asked);
    await this.driver.start({ id }, this.ctx());
    return id;
  }

  /** Runs a command to its end. `input` is written to stdin, which then ends. */
  async run(args: readonly string[], asked: Asked = {}, input?: Uint8Array): Promise<Ran> {
    const id = await this.create(args, { ...asked, stdin: input !== undefined || asked.stdin === true, stdinOnce: true });
    const channel = await this.driver.attach({ id });
    await this.driver.start({ id }, this.ctx());
    return { id, ...(await this.finish(channel, { id }, input)) };
  }

  /** Runs an exec session to its end. */
  async exec(id: string, args: readonly string[], asked: AskedExec = {}, input?: Uint8Array): Promise<Ran & { readonly exec: string }> {
    const exec = await this.execCreate(id, args, { ...asked, stdin: input !== undefined });
    const channel = await this.driver.attach({ id, exec });
    await this.driver.execStart({ id, exec }, this.ctx());
    return { id, exec, ...(await this.finish(channel, { id, exec }, input)) };
  }

  async execCreate(id: string, args: readonly string[], asked: AskedExec = {}, exec = this.newId()): Promise<string> {
    const spec = this.fixture.spec(id, args, {
      terminal: asked.terminal ?? false,
      ...(asked.cwd === undefined ? {} : { cwd: asked.cwd }),
      ...(asked.env === undefined ? {} : { env: asked.env }),
    });
    const { process } = spec as { readonly process: object };
    await this.driver.execCreate(
      { id, exec, process, user: asked.user ?? '', terminal: asked.terminal ?? false, stdin: asked.stdin ?? false },
      this.ctx(),
    );
    return exec;
  }

  async finish(channel: IoChannel, target: { readonly id: string; readonly exec?: string }, input?: Uint8Array): Promise<Omit<Ran, 'id'>> {
    const said = collect(channel);
    if (input !== undefined) {
      await channel.write(input);
      channel.endInput();
    }
    const { stdout, stderr } = await within(said, 'the output does not end');
    const { exitCode } = await this.exited(target);
    return { exitCode, stdout, stderr };
  }

  /** The exit that the driver told, now or before. */
  async exited({ id, exec }: { readonly id: string; readonly exec?: string }): Promise<ProcessExit> {
    for (const until = Date.now() + PATIENCE; ;) {
      const found = this.#exits.find((exit) => exit.id === id && exit.exec === exec);
      if (found !== undefined) return found;
      if (this.#failure !== undefined) throw this.#failure;
      const left = until - Date.now();
      if (left <= 0) throw new Error(`no exit of ${exec ?? id} was told`);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, left);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  hasExited(id: string): boolean {
    return this.#exits.some((exit) => exit.id === id && exit.exec === undefined);
  }

  /** Another driver over the same directories; nobody listens for exits in between, while `meanwhile` runs. */
  async restart(meanwhile: () => Promise<void> = async () => undefined): Promise<void> {
    this.#following.abort();
    this.#exits.length = 0;
    await meanwhile();
    this.driver = await this.fixture.restart();
    this.#following = new AbortController();
    this.#follow();
  }

  async removeAll(): Promise<void> {
    for (const id of this.#created) await this.driver.remove({ id }, this.ctx());
  }

  async assertNothingRemains(): Promise<void> {
    assert.deepEqual(await this.driver.observe(), []);
    // The kernel takes a moment to end a pid namespace.
    let left = await this.fixture.remains(this.#ids);
    for (const end = Date.now() + PATIENCE; left.length > 0 && Date.now() < end;) {
      await sleep(50);
      left = await this.fixture.remains(this.#ids);
    }
    assert.deepEqual(left, []);
  }

  async end(): Promise<void> {
    try {
      await this.removeAll();
    } finally {
      this.#following.abort();
      await this.fixture.cleanup();
    }
  }

  #follow(): void {
    const { signal } = this.#following;
    const listen = async (): Promise<void> => {
      for await (const exit of this.driver.exits(signal)) {
        if (signal.aborted) return;
        this.#exits.push(exit);
        this.#wake();
      }
    };
    listen().catch((error: unknown) => {
      this.#failure = error;
      this.#wake();
    });
  }
}

/** All output of a channel, to its end. */
export async function collect(channel: IoChannel): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const said = { 1: [] as Uint8Array[], 2: [] as Uint8Array[] };
  for await (const { stream, data } of channel.output) said[stream].push(data);
  return { stdout: Buffer.concat(said[1]).toString(), stderr: Buffer.concat(said[2]).toString() };
}

/** Reads output until it contains `text`; the channel stays open for writing. Answers all that was read. */
export async function readUntil(output: AsyncIterator<{ readonly data: Uint8Array }>, text: string): Promise<string> {
  let said = '';
  while (!said.includes(text)) {
    const next = await within(output.next(), `the output does not come: ${text}; got: ${said}`);
    if (next.done === true) throw new Error(`the output ended without ${text}: ${said}`);
    said += Buffer.from(next.value.data).toString();
  }
  return said;
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** Waits until `holds` answers true. */
export async function eventually(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (const until = Date.now() + PATIENCE; !(await holds()); await sleep(20))
    if (Date.now() > until) throw new Error(`it does not happen: ${what}`);
}

export async function within<T>(work: Promise<T>, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(what)), PATIENCE);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Asserts that `work` fails with `code` and a message that `message` matches. */
export async function assertFails(work: Promise<unknown>, code: ErrorCode, message: RegExp = /./): Promise<void> {
  const failure = await work.then(
    () => undefined,
    (error: unknown) => error,
  );
  assert.ok(failure instanceof ShiplogError, `expected a ShiplogError ${code}, got ${failure === undefined ? 'success' : String(failure)}`);
  assert.ok(failure.code in ERRORS);
  assert.equal(failure.code, code, failure.message);
  assert.match(failure.message, message);
}
