import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriverHome, errnoOf, type Logger, namesIn, pathExists, throwIfAborted, together } from '@shiplog/driver-kit';
import {
  type IoChannel,
  type Kernel,
  type Observed,
  type OperationContext,
  type ProcessExit,
  type ProcessRef,
  type ProcessTable,
  type RuntimeDriver,
  ShiplogError,
} from '@shiplog/contracts';
import { connectAttach } from './attach.ts';
import { writeBundle } from './bundle.ts';
import { ExecSessions } from './exec-sessions.ts';
import { Exits, recordedExit, recordLostExit } from './exits.ts';
import { writeFifo } from './fifo.ts';
import { Layout } from './layout.ts';
import { endMonitor, interruptMonitor, monitorLives } from './monitor-process.ts';
import { startMonitor } from './monitor.ts';
import { OomNotices } from './oom-notices.ts';
import { endProcess, identify, keepProcess, keptProcess, lives } from './process-ref.ts';
import { beginRemoval } from './removal.ts';
import type { Container } from './runtime.ts';
import { type ChooseRuntime, Runtimes } from './runtimes.ts';
import { listProcesses } from './top.ts';
import { Turns } from './turns.ts';

type State = Awaited<ReturnType<RuntimeDriver['state']>>;
type Args<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (args: infer A, ctx: OperationContext) => unknown ? A : never;

/** How long a monitor that lives is waited for, in milliseconds. Before it says how its process ended, it syncs what that wrote: a busy disk takes seconds. */
const SAYING_MS = 30_000;

/*
 * What lies in the run directory is in memory, on a host where it is the tmpfs that it should be, and is read and written at
 * once: that takes microseconds, and a thread of the pool that does it instead takes as many wake-ups of the main one.
 */

/**
 * Runs bundles with a runtime that `choose` finds; conmon keeps each one's stdio and exit code while engines come and go. What
 * makes, starts or removes one container goes one after the other.
 */
export class ConmonRuntimeDriver implements RuntimeDriver {
  readonly #layout: Layout;
  readonly #runtimes: Runtimes;
  readonly #exits: Exits;
  readonly #oom: OomNotices;
  readonly #execs: ExecSessions;
  readonly #turns = new Turns();

  constructor(
    private readonly kernel: Kernel,
    home: DriverHome,
    logger: Logger,
    choose: ChooseRuntime,
  ) {
    this.#layout = new Layout(home.runDir);
    this.#runtimes = new Runtimes(this.#layout, logger, choose);
    this.#exits = new Exits(this.#layout, kernel);
    this.#oom = new OomNotices(this.#layout);
    this.#execs = new ExecSessions(kernel, this.#layout, this.#runtimes, this.#exits);
  }

  create(args: Args<'create'>, { signal }: OperationContext): Promise<{ process: ProcessRef }> {
    return this.#turns.take(args.id, async () => {
      throwIfAborted(signal);
      await this.#runtimes.monitor();
      const directory = this.#layout.bundle(args.id);
      if (!(await make(directory))) {
        const kept = keptProcess(directory);
        if (kept !== undefined && (await lives(this.kernel, kept))) return { process: kept };
        // What has ended, or what a create that was cut off left.
        await this.#remove(args.id);
        await make(directory);
      }
      const newLog = (await make(dirname(args.log.path))) || !(await pathExists(args.log.path));
      try {
        return { process: await this.#make(args, directory, signal) };
      } catch (error) {
        await this.#remove(args.id);
        if (newLog) await rm(args.log.path, { force: true });
        throw error;
      }
    });
  }

  async #make(args: Args<'create'>, directory: string, signal: AbortSignal): Promise<ProcessRef> {
    const { id, log } = args;
    const [conmon, runtime] = await together([this.#runtimes.monitor(), this.#runtimes.called(args.runtime)]);
    writeFileSync(join(directory, 'runtime'), runtime.name);
    mkdirSync(join(directory, 'persist'), { mode: 0o700 });
    const [spec] = await together([writeBundle(this.kernel, directory, args, runtime), ...args.directories.map(makeSource)]);
    throwIfAborted(signal);
    const monitor = await startMonitor(this.kernel, {
      conmon,
      runtime,
      container: id,
      id,
      directory,
      exitDirectory: this.#layout.exits,
      log: `${log.driver}:${log.path}`,
      terminal: args.terminal,
      stdin: args.stdin,
      stdinOnce: args.stdinOnce,
      command: (args.spec as { readonly process: { readonly args: readonly string[] } }).process.args[0] ?? '',
    });
    const ended = new AbortController();
    const interrupt = (): void => void interruptMonitor(this.kernel, directory, id, ended.signal);
    signal.addEventListener('abort', interrupt, { once: true });
    try {
      const process = await identify(this.kernel, await runtime.made({ id, bundle: directory }, await monitor.pid, spec));
      keepProcess(directory, process);
      throwIfAborted(signal);
      return process;
    } catch (error) {
      // What an interrupted runtime says of it is no answer.
      throwIfAborted(signal);
      throw error;
    } finally {
      ended.abort();
      signal.removeEventListener('abort', interrupt);
    }
  }

  start({ id }: Args<'start'>): Promise<Record<string, never>> {
    return this.#turns.take(id, async () => {
      const directory = this.#layout.bundle(id);
      const [starting, started] = [join(directory, 'starting'), join(directory, 'started')];
      if (existsSync(started)) {
        // Said, and maybe nothing more, by an engine that was killed.
        (await this.#runtimes.of(id)).started?.(id);
        return {};
      }
      if (!existsSync(directory)) throw new ShiplogError('CONTAINER_NOT_FOUND', `container ${id} was not created`, { id });
      // An engine that was killed in a start may have done it, and not have said so.
      const again = existsSync(starting);
      writeFileSync(starting, '');
      const runtime = await this.#runtimes.of(id);
      await runtime.start(this.#container(id), again);
      writeFileSync(started, '');
      runtime.started?.(id);
      this.#oom.watch(id);
      return {};
    });
  }

  #container(id: string): Container {
    const bundle = this.#layout.bundle(id);
    const process = keptProcess(bundle);
    return { id, bundle, ...(process === undefined ? {} : { process }) };
  }

  async signal({ id, signal }: Args<'signal'>): Promise<{ delivered: boolean }> {
    const process = keptProcess(this.#layout.bundle(id));
    if (process === undefined || process.bootId !== this.kernel.processes.bootId()) return { delivered: false };
    return { delivered: await this.kernel.processes.kill(process.pid, signal, process.startTicks) };
  }

  remove({ id }: Args<'remove'>): Promise<Record<string, never>> {
    return this.#turns.take(id, async () => {
      await this.#remove(id);
      return {};
    });
  }

  async #remove(id: string): Promise<void> {
    const directory = this.#layout.bundle(id);
    const process = keptProcess(directory);
    beginRemoval(directory);
    const sessions = execsIn(directory);
    this.#execs.forget(sessions);
    if (process !== undefined) await endProcess(this.kernel, process);
    // A create that was cut off may still be at work: what it makes is there when its monitor has ended.
    else await endMonitor(this.kernel, directory, id);
    await together([this.#forget(id), endMonitor(this.kernel, directory, id), ...sessions.map((exec) => this.#execs.end(id, exec))]);
    if (sessions.length > 0 || existsSync(join(directory, 'exec'))) await this.#execs.removeGroups(id);
    // After the monitor: a late exit file would be an exit of nobody.
    rmSync(this.#layout.exit(id), { force: true });
    // More than once: an exec session that is refused meanwhile may have made its directory.
    rmSync(directory, { recursive: true, force: true, maxRetries: 5, retryDelay: 5 });
    // Not before: who asks for notices meanwhile watches all that is there, and one that is made again must not pass for watched.
    this.#oom.forget(id);
  }

  /** Lets the runtime forget a container that has ended, if one was chosen for it. */
  async #forget(id: string): Promise<void> {
    if (this.#runtimes.made(id)) await (await this.#runtimes.of(id)).forget(this.#container(id));
  }

  async resize({ id, exec, rows, columns }: Args<'resize'>): Promise<Record<string, never>> {
    const directory = exec === undefined ? this.#layout.bundle(id) : this.#layout.exec(id, exec);
    try {
      writeFifo(join(directory, 'ctl'), `1 ${rows} ${columns}\n`);
    } catch (error) {
      throw new ShiplogError(
        'CONTAINER_NOT_RUNNING',
        `the terminal of ${exec ?? id} cannot be resized: its process has ended`,
        { id },
        { cause: error },
      );
    }
    return {};
  }

  execCreate(args: Args<'execCreate'>): Promise<Record<string, never>> {
    return this.#execs.create(args);
  }

  execStart(args: Args<'execStart'>): Promise<{ process: ProcessRef }> {
    return this.#execs.start(args);
  }

  execRemove(args: Args<'execRemove'>): Promise<Record<string, never>> {
    return this.#execs.remove(args);
  }

  async state({ id }: Args<'state'>): Promise<State> {
    const directory = this.#layout.bundle(id);
    const process = keptProcess(directory);
    const exit = recordedExit(this.#layout, id);
    if (exit !== undefined) {
      const { exitCode, finishedAt, oomKilled } = exit;
      return { status: 'exited' as const, exitCode, finishedAt, oomKilled, ...(process === undefined ? {} : { process }) };
    }
    if (process === undefined || process.bootId !== this.kernel.processes.bootId()) return { status: 'absent' as const };
    if (await lives(this.kernel, process))
      return { status: (await pathExists(join(directory, 'started'))) ? ('running' as const) : ('created' as const), process };
    // It has just ended, and its monitor is about to say how; or the monitor was killed, and nobody will.
    for (const end = performance.now() + SAYING_MS; performance.now() < end && (await monitorLives(directory, id));) {
      await sleep(10);
      if (recordedExit(this.#layout, id) !== undefined) return this.state({ id });
    }
    recordLostExit(directory, process, this.#layout.exit(id));
    return this.state({ id });
  }

  async attach({ id, exec }: { readonly id: string; readonly exec?: string }): Promise<IoChannel> {
    return connectAttach(exec === undefined ? this.#layout.bundle(id) : this.#layout.exec(id, exec));
  }

  top(pids: readonly number[], psArgs: string): Promise<ProcessTable> {
    return listProcesses(pids, psArgs);
  }

  async *exits(signal: AbortSignal): AsyncGenerator<ProcessExit> {
    await this.#runtimes.monitor();
    yield* this.#exits.follow(signal);
  }

  async *oomKills(signal: AbortSignal): AsyncGenerator<{ readonly id: string }> {
    await this.#runtimes.monitor();
    yield* this.#oom.follow(signal);
  }

  async observe(): Promise<readonly Observed[]> {
    return (await namesIn(this.#layout.containers)).map((id) => ({ resource: 'container', id }));
  }
}

/** Ids of the exec sessions of the container in `directory`. */
function execsIn(directory: string): readonly string[] {
  const sessions = join(directory, 'exec');
  return existsSync(sessions) ? readdirSync(sessions) : [];
}

/** Makes the source of a bind a directory, if nothing is there. */
async function makeSource(path: string): Promise<void> {
  await mkdir(path, { recursive: true }).catch((error: unknown) => {
    if (errnoOf(error) !== 'EEXIST') throw error;
  });
}

/** Makes a directory, with those above it. False if it was there. */
async function make(directory: string): Promise<boolean> {
  return (await mkdir(directory, { recursive: true, mode: 0o700 })) !== undefined;
}
