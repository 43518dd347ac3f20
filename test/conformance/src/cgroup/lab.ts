import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type CgroupDriver,
  createContext,
  type ErrorCode,
  ERRORS,
  type Kernel,
  type OperationContext,
  type ResourceLimits,
  ShiplogError,
} from '@shiplog/contracts';

/** A limit the kit reads back. */
export type ReadableLimit =
  | 'memoryBytes'
  | 'memoryReservationBytes'
  | 'cpuQuotaUs'
  | 'cpuPeriodUs'
  | 'cpusetCpus'
  | 'pids'
  /** In the kernel's own scale. */
  | 'ioWeight'
  /** Huge pages of 2 MB, in bytes. */
  | 'hugetlb'
  /** Lines of the devices whose reading is limited, such as `8:0 1048576`, with more words on version 2. */
  | 'readBps';

/** A driver under test with an engine id of its own. */
export interface CgroupFixture {
  readonly driver: CgroupDriver;
  /** The port that the driver was given: its calls are effects at which the kit kills it. Absent if it has none. */
  readonly kernel?: Kernel;
  /** Id of its engine, which is in the name of whatever it makes, as in `shiplog-<engine>/<id>`. */
  readonly engineId: string;
  /** Of the driver's manifest. */
  readonly capabilities: { readonly [ability: string]: boolean };
  /** What the kernel's files say, in the contract's unit: a number or a list as text, `max` for none, '' where it has no such file. */
  readLimit(id: string, what: ReadableLimit): Promise<string>;
  /** Whether the kernel's files say that the group is frozen. False where there is none, and for drivers that cannot freeze. */
  isFrozen(id: string): Promise<boolean>;
  /** Thaws it by the kernel's files, whatever the driver does. */
  thaw(id: string): Promise<void>;
  /** Directories in the kernel's hierarchies: of this group, or without an id everything that is the driver's. */
  groupsOf(id?: string): Promise<readonly string[]>;
  /** Another driver of the same engine, as after its restart. The former one is used no more. */
  restart(): Promise<CgroupDriver>;
  /** Ends the one that was made last as SIGKILL does. Absent where it is in this process. */
  kill?(): Promise<void>;
  /** Called at the end, failed or not, when the kit's processes have been killed. */
  cleanup(): Promise<void>;
}

/** Of the manifest's capabilities, those that are verbs. */
export interface CgroupAbilities {
  readonly freeze: boolean;
  readonly kill: boolean;
}

export type CgroupFactory = () => Promise<CgroupFixture>;

export type AddCheck = (name: string, body: (lab: Lab) => Promise<void>) => void;

const PATIENCE_MS = 10_000;

/** A shell that waits for {@link Child.go} before it runs its script, so that it can join a group first. */
export interface Child {
  readonly pid: number;
  /** What it has written so far. */
  readonly output: () => string;
  /** Exit code, or the signal's name. */
  readonly end: Promise<number | string>;
  go(): void;
}

/** What a check works with. */
export class Lab {
  readonly driver: CgroupDriver;
  readonly fixture: CgroupFixture;
  readonly #ids: string[] = [];
  readonly #children: ChildProcess[] = [];

  constructor(fixture: CgroupFixture) {
    this.fixture = fixture;
    this.driver = fixture.driver;
  }

  ctx(): OperationContext {
    return createContext({ op: randomBytes(8).toString('hex'), signal: AbortSignal.timeout(30_000) });
  }

  /** An id such as containers have. */
  id(): string {
    const id = randomBytes(32).toString('hex');
    this.#ids.push(id);
    return id;
  }

  async create(limits: ResourceLimits = {}): Promise<string> {
    const id = this.id();
    await this.driver.create({ id, limits: mutable(limits) }, this.ctx());
    return id;
  }

  async processes(id: string): Promise<readonly number[]> {
    return (await this.driver.processes({ id }, this.ctx())).pids;
  }

  async observed(): Promise<readonly string[]> {
    return (await this.driver.observe()).map(({ resource, id }) => `${resource} ${id}`).toSorted();
  }

  spawn(script: string): Child {
    const child = spawn('/bin/sh', ['-c', `read go || exit 9; ${script}`], { stdio: ['pipe', 'pipe', 'ignore'] });
    this.#children.push(child);
    let written = '';
    child.stdout.on('data', (chunk: Buffer) => (written += chunk.toString()));
    // The group may be killed before the script reads.
    child.stdin.on('error', (error) => (written += `\nstdin: ${error.message}\n`));
    assert.ok(child.pid !== undefined, '/bin/sh does not start');
    return {
      pid: child.pid,
      output: () => written,
      end: once(child, 'exit').then(([code, signal]: (number | string | null)[]) => code ?? signal ?? ''),
      go: () => void child.stdin.write('go\n'),
    };
  }

  /** A child in the group that does nothing. */
  async sleeper(id: string): Promise<Child> {
    return this.run(id, 'while :; do sleep 1000; done', false);
  }

  /** Runs a script in the group. */
  async run(id: string, script: string, go = true): Promise<Child> {
    const child = this.spawn(script);
    await this.driver.join({ id, pid: child.pid }, this.ctx());
    if (go) child.go();
    return child;
  }

  async end(): Promise<void> {
    try {
      for (const id of this.#ids) await this.driver.remove({ id }, this.ctx());
      assert.deepEqual(await this.fixture.groupsOf(), [], 'groups are left');
      assert.deepEqual(await this.driver.observe(), [], 'the driver sees groups that nobody has');
    } finally {
      for (const child of this.#children) child.kill('SIGKILL');
      await this.fixture.cleanup();
    }
  }
}

/** Contract types of a spec are read-only, those of a verb's arguments are not. */
export function mutable({ io, ...limits }: ResourceLimits): Parameters<CgroupDriver['create']>[0]['limits'] {
  return io === undefined ? limits : { ...limits, io: [...io] };
}

/** Waits until `holds`; fails with `what` after ten seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = Date.now() + PATIENCE_MS;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `not in time: ${what}`);
    await sleep(20);
  }
}

/** `work` in time, or a failure that says what was waited for. */
export async function within<T>(what: string, work: Promise<T>): Promise<T> {
  const late = new AbortController();
  try {
    return await Promise.race([
      work,
      sleep(PATIENCE_MS, undefined, { signal: late.signal }).then(() => assert.fail(`not in time: ${what}`)),
    ]);
  } finally {
    late.abort();
  }
}

/** The code is one of the catalogue's that fits; the message is for a person. */
export async function rejectsWith(codes: readonly ErrorCode[], work: Promise<unknown>): Promise<ShiplogError> {
  const error = await work.then(
    () => assert.fail(`succeeded, ${codes.join(' or ')} expected`),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof ShiplogError, `no ShiplogError: ${String(error)}`);
  assert.ok(error.code in ERRORS && codes.includes(error.code), `${error.code}, ${codes.join(' or ')} expected: ${error.message}`);
  assert.notEqual(error.message, '');
  return error;
}
