import type { IoChannel, Kernel, Observed, OperationContext, ProcessExit, ProcessTable, RuntimeDriver } from '@shiplog/contracts';
import { ShiplogError } from '@shiplog/contracts';
import { type DriverHome, type DriverOptions, HOME, inject, injectable, KERNEL, KeyedLock, OPTIONS } from '@shiplog/driver-kit';
import { SimHost, simulatedDrivers } from '@shiplog/sim-host';
import { type Plan, planOf } from './plan.ts';
import { type Recorded, Records } from './records.ts';

type Args<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (args: infer A, ctx: OperationContext) => unknown ? A : never;
type Answer<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (...args: never[]) => infer R ? R : never;

/** Beyond any pid that Linux gives (PID_MAX_LIMIT, 2^22): nobody takes a process of the host for one of these. */
const FIRST_PID = 2 ** 22;

/** What runs while this process does. */
interface Simulation {
  readonly host: SimHost;
  readonly runtime: RuntimeDriver;
}

/**
 * Containers whose processes are records: nothing is executed. A process runs until its plan says that it ends, or a signal ends it. Records
 * outlive the daemon: one that is due meanwhile has ended when it was due.
 */
@injectable()
export class SimRuntimeDriver implements RuntimeDriver {
  readonly #kernel: Kernel;
  readonly #options: DriverOptions;
  readonly #records: Records;
  readonly #turns = new KeyedLock();
  readonly #plans = new Map<string, Plan>();
  readonly #endsAt = new Map<string, number>();
  readonly #timers = new Map<string, NodeJS.Timeout>();
  /** Exec sessions by container. */
  readonly #execs = new Map<string, Set<string>>();
  #simulation: Promise<Simulation> | undefined;

  constructor(@inject(KERNEL) kernel: Kernel, @inject(HOME) home: DriverHome, @inject(OPTIONS) options: DriverOptions) {
    this.#kernel = kernel;
    this.#options = options;
    this.#records = new Records(home.runDir);
  }

  async observe(): Promise<readonly Observed[]> {
    return (await this.#simulated()).runtime.observe();
  }

  async create(args: Args<'create'>, ctx: OperationContext): Answer<'create'> {
    const plan = planOf(args.spec, this.#options);
    return this.#changed(args.id, async ({ host, runtime }) => {
      // One that has ended is made anew.
      if (host.processes.get(args.id)?.state === 'exited') await this.#forget(args.id, runtime, ctx);
      const answer = await runtime.create(args, ctx);
      this.#plans.set(args.id, plan);
      return answer;
    });
  }

  start(args: Args<'start'>, ctx: OperationContext): Answer<'start'> {
    return this.#changed(args.id, ({ runtime }) => runtime.start(args, ctx));
  }

  signal(args: Args<'signal'>, ctx: OperationContext): Answer<'signal'> {
    return this.#changed(args.id, ({ runtime }) => runtime.signal(args, ctx));
  }

  remove(args: Args<'remove'>, ctx: OperationContext): Answer<'remove'> {
    return this.#changed(args.id, async ({ runtime }) => {
      await this.#forget(args.id, runtime, ctx);
      return {};
    });
  }

  async resize(args: Args<'resize'>, ctx: OperationContext): Answer<'resize'> {
    return (await this.#simulated()).runtime.resize(args, ctx);
  }

  async execCreate(args: Args<'execCreate'>, ctx: OperationContext): Answer<'execCreate'> {
    const answer = await (await this.#simulated()).runtime.execCreate(args, ctx);
    const sessions = this.#execs.get(args.id) ?? new Set();
    this.#execs.set(args.id, sessions.add(args.exec));
    return answer;
  }

  async execStart(args: Args<'execStart'>, ctx: OperationContext): Answer<'execStart'> {
    return (await this.#simulated()).runtime.execStart(args, ctx);
  }

  async execRemove(args: Args<'execRemove'>, ctx: OperationContext): Answer<'execRemove'> {
    this.#execs.get(args.id)?.delete(args.exec);
    return (await this.#simulated()).runtime.execRemove(args, ctx);
  }

  async state(args: Args<'state'>, ctx: OperationContext): Answer<'state'> {
    return (await this.#simulated()).runtime.state(args, ctx);
  }

  /** Nothing is printed, and what is written is read by nobody. The channel ends with the process. */
  async attach({ id, exec }: { readonly id: string; readonly exec?: string }): Promise<IoChannel> {
    const { host } = await this.#simulated();
    const process = exec === undefined ? host.processes.get(id) : host.execs.get(exec);
    if (process === undefined || process.state === 'exited')
      throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${id} has no process to attach to`, { container: id });
    const over = Promise.withResolvers<void>();
    const unfollow = host.follow((exit) => {
      if (exit.id === id && exit.exec === exec && process.state === 'exited') over.resolve();
    });
    return {
      output: {
        // oxlint-disable-next-line require-yield
        async *[Symbol.asyncIterator]() {
          await over.promise;
          unfollow();
        },
      },
      write: async () => undefined,
      endInput: () => undefined,
      close: () => over.resolve(),
    };
  }

  /** The kernel knows none of its processes. */
  async top(): Promise<ProcessTable> {
    return { titles: ['PID', 'COMMAND'], processes: [] };
  }

  async *exits(signal: AbortSignal): AsyncGenerator<ProcessExit> {
    const { runtime } = await this.#simulated();
    yield* runtime.exits(signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }

  /** Changes one container, alone, and then its record. */
  #changed<R>(id: string, change: (simulation: Simulation) => Promise<R>): Promise<R> {
    return this.#turns.run(id, async () => {
      const simulation = await this.#simulated();
      const answer = await change(simulation);
      await this.#save(simulation.host, id);
      return answer;
    });
  }

  async #save(host: SimHost, id: string): Promise<void> {
    const [process, plan, endsAt] = [host.processes.get(id), this.#plans.get(id), this.#endsAt.get(id)];
    if (process === undefined || plan === undefined) await this.#records.remove(id);
    else await this.#records.save({ id, process, plan, ...(endsAt === undefined ? {} : { endsAt }) });
  }

  async #forget(id: string, runtime: RuntimeDriver, ctx: OperationContext): Promise<void> {
    for (const exec of this.#execs.get(id) ?? []) await runtime.execRemove({ id, exec }, ctx);
    await runtime.remove({ id }, ctx);
    clearTimeout(this.#timers.get(id));
    for (const kept of [this.#execs, this.#plans, this.#endsAt, this.#timers]) kept.delete(id);
  }

  #simulated(): Promise<Simulation> {
    return (this.#simulation ??= this.#resume().catch((error: unknown) => {
      // The next call tries again.
      this.#simulation = undefined;
      throw error;
    }));
  }

  /** What an earlier driver left: its processes go on, and those that were due have ended. */
  async #resume(): Promise<Simulation> {
    const records = await this.#records.all();
    const bootId = this.#kernel.processes.bootId();
    const here = records.filter(({ process }) => process.ref.bootId === bootId);
    const host = new SimHost({
      bootId,
      now: () => String(BigInt(Date.now()) * 1_000_000n),
      firstPid: Math.max(FIRST_PID, ...here.map(({ process }) => process.ref.pid)),
      behaviour: (simulated) => ({
        started: (id) => {
          const { runMs } = this.#plans.get(id) ?? {};
          if (runMs === undefined) return;
          this.#endsAt.set(id, Date.now() + runMs);
          this.#schedule(simulated, id);
        },
        signalled: (id, signal) => {
          if (ENDING.has(signal)) this.#end(simulated, id, 128 + signal);
        },
        // A session has nothing to do.
        execStarted: (id, exec) => void setImmediate(() => simulated.exitExec(id, exec, 0)),
      }),
    });
    for (const record of records) if (!here.includes(record)) await this.#records.remove(record.id);
    for (const record of here) this.#restore(host, record);
    return { host, runtime: simulatedDrivers(host, { around: async (_, effect) => effect() }).get('runtime', 'sim') };
  }

  #restore(host: SimHost, { id, process, plan, endsAt }: Recorded): void {
    host.processes.set(id, process);
    this.#plans.set(id, plan);
    if (endsAt === undefined) return;
    this.#endsAt.set(id, endsAt);
    if (process.state === 'running' && endsAt > Date.now()) this.#schedule(host, id);
    else if (process.state === 'running')
      Object.assign(process, { state: 'exited', exitCode: plan.exitCode, finishedAt: String(BigInt(endsAt) * 1_000_000n) });
  }

  #schedule(host: SimHost, id: string): void {
    const left = (this.#endsAt.get(id) ?? 0) - Date.now();
    // Not put on record: a later driver finds the same end, since it was due. A timer may come before the clock says so.
    const end = (): void => {
      if ((this.#endsAt.get(id) ?? 0) > Date.now()) this.#schedule(host, id);
      else this.#end(host, id, this.#plans.get(id)?.exitCode ?? 0);
    };
    this.#timers.set(id, setTimeout(end, Math.max(1, left)).unref());
  }

  #end(host: SimHost, id: string, exitCode: number): void {
    for (const exec of this.#execs.get(id) ?? []) host.exitExec(id, exec, 137);
    host.exit(id, exitCode);
  }
}

/** Signals that end a process which does not care for them (signal(7)): HUP, INT, QUIT, KILL, TERM. */
const ENDING: ReadonlySet<number> = new Set([1, 2, 3, 9, 15]);
