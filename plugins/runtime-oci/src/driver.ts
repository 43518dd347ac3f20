import { constants } from 'node:fs';
import { access, mkdir, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriverHome, HOME, inject, injectable, KERNEL, LOGGER, type Logger } from '@shiplog/driver-kit';
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
import { completeProcess, writeBundle } from './bundle.ts';
import { Exits, recordedExit } from './exits.ts';
import { failure } from './failure.ts';
import { Layout } from './layout.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import { chooseRuntime, findProgram, invoke, type OciRuntime } from './oci-runtime.ts';
import { ownLimits } from './own-limits.ts';
import { identify, keepProcess, keptProcess, lives } from './process-ref.ts';
import { listProcesses } from './top.ts';

type State = Awaited<ReturnType<RuntimeDriver['state']>>;
type Args<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (args: infer A, ctx: OperationContext) => unknown ? A : never;

/** Runs OCI bundles with crun or runc; conmon keeps each one's stdio and exit code while engines come and go. */
@injectable()
export class OciRuntimeDriver implements RuntimeDriver {
  readonly #layout: Layout;
  readonly #exits: Exits;
  readonly #execs = new Map<string, Monitor>();
  readonly #runtimes = new Map<string, Promise<OciRuntime>>();
  #ready: Promise<string> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#layout = new Layout(home.runDir);
    this.#exits = new Exits(this.#layout);
  }

  async create(args: Args<'create'>): Promise<{ process: ProcessRef }> {
    const { id, log } = args;
    const conmon = await this.#prepare();
    const directory = this.#layout.bundle(id);
    const kept = await keptProcess(directory);
    if (kept !== undefined && (await lives(this.kernel, kept))) return { process: kept };
    const runtime = await this.#runtime(args.runtime);
    await mkdir(join(directory, 'persist'), { recursive: true, mode: 0o700 });
    await writeBundle(this.kernel, directory, args);
    for (const source of args.directories) await mkdir(source, { recursive: true });
    await mkdir(dirname(log.path), { recursive: true, mode: 0o700 });
    const monitor = startMonitor({
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
    });
    const process = await identify(this.kernel, await monitor.pid);
    await keepProcess(directory, process);
    await writeFile(join(directory, 'runtime'), runtime.name);
    return { process };
  }

  async start({ id }: Args<'start'>): Promise<Record<string, never>> {
    const started = join(this.#layout.bundle(id), 'started');
    if (await exists(started)) return {};
    const { code, stderr } = await invoke(await this.#runtimeOf(id), ['start', id]);
    if (code !== 0) throw failure(stderr, 'start');
    await writeFile(started, '');
    return {};
  }

  async signal({ id, signal }: Args<'signal'>): Promise<{ delivered: boolean }> {
    const process = await keptProcess(this.#layout.bundle(id));
    if (process === undefined || process.bootId !== this.kernel.processes.bootId()) return { delivered: false };
    return { delivered: await this.kernel.processes.kill(process.pid, signal, process.startTicks) };
  }

  async remove({ id }: Args<'remove'>): Promise<Record<string, never>> {
    const directory = this.#layout.bundle(id);
    const process = await keptProcess(directory);
    if (process !== undefined && (await lives(this.kernel, process))) await this.kernel.processes.kill(process.pid, 9, process.startTicks);
    for (const exec of await names(join(directory, 'exec'))) this.#exits.forgetExec(exec);
    await this.#endMonitors(directory, id);
    // Deleted after the monitor is gone: a late exit file would be an exit of nobody.
    if (await exists(join(this.#layout.state, id))) {
      const { code, stderr } = await invoke(await this.#runtimeOf(id), ['delete', '--force', id]);
      if (code !== 0 && (await exists(join(this.#layout.state, id)))) throw failure(stderr, 'start');
    }
    await rm(this.#layout.exit(id), { force: true });
    await rm(directory, { recursive: true, force: true });
    return {};
  }

  async resize({ id, exec, rows, columns }: Args<'resize'>): Promise<Record<string, never>> {
    const directory = exec === undefined ? this.#layout.bundle(id) : this.#layout.exec(id, exec);
    try {
      // Without a reader (no monitor) this fails rather than waits.
      const control = await open(join(directory, 'ctl'), constants.O_WRONLY | constants.O_NONBLOCK);
      try {
        await control.write(`1 ${rows} ${columns}\n`);
      } finally {
        await control.close();
      }
    } catch (error) {
      throw new ShiplogError('CONTAINER_NOT_RUNNING', `the terminal of ${exec ?? id} cannot be resized: its process has ended`, { id }, { cause: error });
    }
    return {};
  }

  async execCreate(args: Args<'execCreate'>): Promise<Record<string, never>> {
    const { id, exec } = args;
    if (this.#execs.has(exec)) return {};
    const conmon = await this.#prepare();
    const directory = this.#layout.exec(id, exec);
    await mkdir(join(directory, 'persist'), { recursive: true, mode: 0o700 });
    await mkdir(this.#layout.execExits(id, exec), { recursive: true, mode: 0o700 });
    const rootfs = JSON.parse(await readFile(join(this.#layout.bundle(id), 'config.json'), 'utf8')).root.path as string;
    const process = await completeProcess(this.kernel, rootfs, args.process as { args: string[] }, args.user, [], await ownLimits());
    await writeFile(join(directory, 'process.spec'), JSON.stringify(process), { mode: 0o600 });
    const monitor = startMonitor({
      conmon,
      runtime: await this.#runtimeOf(id),
      container: id,
      id: exec,
      directory,
      exitDirectory: this.#layout.execExits(id, exec),
      log: 'none',
      terminal: args.terminal,
      stdin: args.stdin,
      stdinOnce: true,
      exec: join(directory, 'process.spec'),
    });
    this.#execs.set(exec, monitor);
    await monitor.attachable;
    return {};
  }

  async execStart({ id, exec }: Args<'execStart'>): Promise<{ process: ProcessRef }> {
    const directory = this.#layout.exec(id, exec);
    const monitor = this.#execs.get(exec);
    const kept = await keptProcess(directory);
    if (kept !== undefined) return { process: kept };
    if (monitor === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `exec session ${exec} was not created`, { exec });
    monitor.begin();
    const process = await identify(this.kernel, await monitor.pid);
    await keepProcess(directory, process);
    this.#exits.watchExec(id, exec);
    return { process };
  }

  async execRemove({ id, exec }: Args<'execRemove'>): Promise<Record<string, never>> {
    const directory = this.#layout.exec(id, exec);
    this.#exits.forgetExec(exec);
    this.#execs.delete(exec);
    const process = await keptProcess(directory);
    if (process !== undefined && (await lives(this.kernel, process))) await this.kernel.processes.kill(process.pid, 9, process.startTicks);
    await this.#endMonitor(directory, exec);
    await rm(directory, { recursive: true, force: true });
    return {};
  }

  async state({ id }: Args<'state'>): Promise<State> {
    const directory = this.#layout.bundle(id);
    const process = await keptProcess(directory);
    const exit = await recordedExit(this.#layout, id);
    if (exit !== undefined) {
      const { exitCode, finishedAt, oomKilled } = exit;
      return { status: 'exited' as const, exitCode, finishedAt, oomKilled, ...(process === undefined ? {} : { process }) };
    }
    if (process === undefined || process.bootId !== this.kernel.processes.bootId()) return { status: 'absent' as const };
    if (await lives(this.kernel, process)) return { status: (await exists(join(directory, 'started'))) ? ('running' as const) : ('created' as const), process };
    // It has just ended, and its monitor is about to say how; or the monitor was killed, and nobody will.
    for (let tries = 0; tries < 100 && (await this.#monitorLives(directory, id)); tries += 1) {
      await sleep(10);
      if ((await recordedExit(this.#layout, id)) !== undefined) return this.state({ id });
    }
    return { status: 'exited' as const, process };
  }

  async attach({ id, exec }: { readonly id: string; readonly exec?: string }): Promise<IoChannel> {
    return connectAttach(exec === undefined ? this.#layout.bundle(id) : this.#layout.exec(id, exec));
  }

  top(pids: readonly number[], psArgs: string): Promise<ProcessTable> {
    return listProcesses(pids, psArgs);
  }

  async *exits(signal: AbortSignal): AsyncGenerator<ProcessExit> {
    await this.#prepare();
    yield* this.#exits.follow(signal);
  }

  async observe(): Promise<readonly Observed[]> {
    return (await names(this.#layout.containers)).map((id) => ({ resource: 'container', id }));
  }

  /** Makes the directories once. Answers where conmon is. */
  #prepare(): Promise<string> {
    return (this.#ready ??= (async () => {
      for (const directory of [this.#layout.state, this.#layout.exits, this.#layout.containers]) await mkdir(directory, { recursive: true, mode: 0o700 });
      const conmon = await findProgram('conmon');
      if (conmon === undefined) throw new ShiplogError('HOST_UNSUITABLE', 'conmon is not installed; install it (apt-get install conmon)');
      return conmon;
    })());
  }

  #runtime(wanted: string): Promise<OciRuntime> {
    const name = wanted === 'oci' ? '' : wanted;
    let chosen = this.#runtimes.get(name);
    if (chosen === undefined) {
      chosen = this.#prepare().then(() => chooseRuntime(name, this.#layout.root, this.#layout.state));
      chosen.then(
        (runtime) => this.logger.debug('runtime chosen', { wanted, name: runtime.name, path: runtime.path }),
        () => this.#runtimes.delete(name),
      );
      this.#runtimes.set(name, chosen);
    }
    return chosen;
  }

  /** The runtime that made the container. */
  async #runtimeOf(id: string): Promise<OciRuntime> {
    return this.#runtime(await readFile(join(this.#layout.bundle(id), 'runtime'), 'utf8').catch(() => ''));
  }

  async #endMonitors(directory: string, id: string): Promise<void> {
    for (const exec of await names(join(directory, 'exec'))) {
      this.#execs.delete(exec);
      await this.#endMonitor(this.#layout.exec(id, exec), exec);
    }
    await this.#endMonitor(directory, id);
  }

  /** A monitor ends soon after its process. One that does not is killed. */
  async #endMonitor(directory: string, id: string): Promise<void> {
    for (let tries = 0; await this.#monitorLives(directory, id); tries += 1) {
      if (tries === 100) await this.kernel.processes.kill(await monitorPid(directory), 9);
      if (tries > 200) throw new ShiplogError('RUNTIME_FAILED', `the monitor of ${id} does not end`, { id });
      await sleep(tries < 20 ? 2 : 20);
    }
  }

  /** True while a process with the monitor's pid is a monitor of this very id. */
  async #monitorLives(directory: string, id: string): Promise<boolean> {
    const pid = await monitorPid(directory);
    if (pid === 0) return false;
    const words = (await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')).split('\0');
    return words[words.indexOf('--cuuid') + 1] === id;
  }
}

async function monitorPid(directory: string): Promise<number> {
  return Number(await readFile(join(directory, 'monitor-pid'), 'utf8').catch(() => '0')) || 0;
}

async function names(directory: string): Promise<readonly string[]> {
  return readdir(directory).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

