import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type DriverHome, errnoOf, HOME, inject, injectable, KERNEL, LOGGER, type Logger, namesIn, pathExists } from '@shiplog/driver-kit';
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
import { CompiledSeccomp } from './compiled-seccomp.ts';
import { Exits, recordedExit, recordLostExit } from './exits.ts';
import { failure } from './failure.ts';
import { Layout } from './layout.ts';
import { isMonitor, monitorLives, monitorPids } from './monitor-process.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import { chooseRuntime, findProgram, invoke, type OciRuntime } from './oci-runtime.ts';
import { ownLimits } from './own-limits.ts';
import { identify, keepProcess, keptProcess, lives } from './process-ref.ts';
import { together } from './together.ts';
import { listProcesses } from './top.ts';

type State = Awaited<ReturnType<RuntimeDriver['state']>>;
type Args<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (args: infer A, ctx: OperationContext) => unknown ? A : never;

/** Runs OCI bundles with crun or runc; conmon keeps each one's stdio and exit code while engines come and go. */
@injectable()
export class OciRuntimeDriver implements RuntimeDriver {
  readonly #layout: Layout;
  readonly #exits: Exits;
  readonly #execs = new Map<string, Monitor>();
  readonly #seccomp = new CompiledSeccomp();
  readonly #runtimes = new Map<string, Promise<OciRuntime>>();
  #ready: Promise<string> | undefined;

  constructor(
    @inject(KERNEL) private readonly kernel: Kernel,
    @inject(HOME) home: DriverHome,
    @inject(LOGGER) private readonly logger: Logger,
  ) {
    this.#layout = new Layout(home.runDir);
    this.#exits = new Exits(this.#layout, kernel);
  }

  async create(args: Args<'create'>): Promise<{ process: ProcessRef }> {
    const { id } = args;
    const kept = await keptProcess(this.#layout.bundle(id));
    if (kept !== undefined && (await lives(this.kernel, kept))) return { process: kept };
    // What has ended, or what a create that was cut off left.
    if (await pathExists(this.#layout.bundle(id))) await this.remove({ id });
    const hadLog = await pathExists(args.log.path);
    try {
      return { process: await this.#make(args) };
    } catch (error) {
      await this.remove({ id });
      if (!hadLog) await rm(args.log.path, { force: true });
      throw error;
    }
  }

  async #make(args: Args<'create'>): Promise<ProcessRef> {
    const { id, log } = args;
    const directory = this.#layout.bundle(id);
    const [conmon, runtime] = await together([
      this.#prepare(),
      this.#runtime(args.runtime),
      mkdir(join(directory, 'persist'), { recursive: true, mode: 0o700 }),
    ]);
    const [spec] = await together([
      writeBundle(this.kernel, directory, args, (complete) => (runtime.name === 'crun' ? this.#seccomp.reuse(complete) : complete)),
      writeFile(join(directory, 'runtime'), runtime.name),
      mkdir(dirname(log.path), { recursive: true, mode: 0o700 }),
      ...args.directories.map((source) => mkdir(source, { recursive: true })),
    ]);
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
      command: (args.spec as { readonly process: { readonly args: readonly string[] } }).process.args[0] ?? '',
    });
    const process = await identify(this.kernel, await monitor.pid);
    await together([keepProcess(directory, process), this.#seccomp.learn(spec, join(this.#layout.state, id))]);
    return process;
  }

  async start({ id }: Args<'start'>): Promise<Record<string, never>> {
    const directory = this.#layout.bundle(id);
    const started = join(directory, 'started');
    if (await pathExists(started)) return {};
    if (!(await pathExists(directory))) throw new ShiplogError('CONTAINER_NOT_FOUND', `container ${id} was not created`, { id });
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
    const [process, sessions] = await Promise.all([keptProcess(directory), namesIn(join(directory, 'exec'))]);
    for (const exec of sessions) {
      this.#exits.forgetExec(exec);
      this.#execs.delete(exec);
    }
    if (process !== undefined) await this.#end(process);
    // A create that was cut off may still be at work: what it makes is there when its monitor has ended.
    else await this.#endMonitor(directory, id);
    const deleted = (await pathExists(join(this.#layout.state, id)))
      ? this.#runtimeOf(id).then((runtime) => invoke(runtime, ['delete', '--force', id]))
      : undefined;
    const [ended] = await Promise.all([
      deleted,
      this.#endMonitor(directory, id),
      ...sessions.map(async (exec) =>
        this.#endMonitor(this.#layout.exec(id, exec), exec, (await keptProcess(this.#layout.exec(id, exec))) === undefined),
      ),
    ]);
    if (ended !== undefined && ended.code !== 0 && (await pathExists(join(this.#layout.state, id)))) throw failure(ended.stderr, 'start');
    // After the monitor: a late exit file would be an exit of nobody.
    await Promise.all([rm(this.#layout.exit(id), { force: true }), rm(directory, { recursive: true, force: true })]);
    return {};
  }

  async resize({ id, exec, rows, columns }: Args<'resize'>): Promise<Record<string, never>> {
    const directory = exec === undefined ? this.#layout.bundle(id) : this.#layout.exec(id, exec);
    try {
      await writeFifo(join(directory, 'ctl'), `1 ${rows} ${columns}\n`);
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

  async execCreate(args: Args<'execCreate'>): Promise<Record<string, never>> {
    const { id, exec } = args;
    if (this.#execs.has(exec)) return {};
    const directory = this.#layout.exec(id, exec);
    const main = await keptProcess(this.#layout.bundle(id));
    if (main === undefined || !(await lives(this.kernel, main)))
      throw new ShiplogError('CONTAINER_NOT_RUNNING', `container ${id} is not running`, { id });
    // What an engine that ended left. Its monitor ended with it, or its process has run: it cannot be started again.
    if (await pathExists(directory)) await this.execRemove({ id, exec });
    try {
      await this.#makeExec(args, directory);
    } catch (error) {
      await this.execRemove({ id, exec });
      throw error;
    }
    return {};
  }

  async #makeExec(args: Args<'execCreate'>, directory: string): Promise<void> {
    const { id, exec } = args;
    const given = args.process as { readonly args: readonly string[] };
    const [conmon, runtime, config, limits] = await together([
      this.#prepare(),
      this.#runtimeOf(id),
      readFile(join(this.#layout.bundle(id), 'config.json'), 'utf8'),
      ownLimits(),
      mkdir(join(directory, 'persist'), { recursive: true, mode: 0o700 }),
      mkdir(this.#layout.execExits(id, exec), { recursive: true, mode: 0o700 }),
    ]);
    const { root } = JSON.parse(config) as { readonly root: { readonly path: string } };
    const process = await completeProcess(this.kernel, root.path, given, args.user, [], limits);
    await writeFile(join(directory, 'process.spec'), JSON.stringify(process), { mode: 0o600 });
    const start = await this.#openStart(directory);
    // The first byte lets the monitor make ready.
    await start.write('0');
    const monitor = startMonitor({
      conmon,
      runtime,
      container: id,
      id: exec,
      directory,
      exitDirectory: this.#layout.execExits(id, exec),
      log: 'none',
      terminal: args.terminal,
      stdin: args.stdin,
      stdinOnce: true,
      exec: { process: join(directory, 'process.spec'), start: start.fd },
      command: given.args[0] ?? '',
    });
    await start.close();
    this.#execs.set(exec, monitor);
    await monitor.attachable;
  }

  /**
   * A FIFO that its reader has open for writing as well. The end of a pipe would let the monitor run the command, unasked,
   * when this process is killed.
   */
  async #openStart(directory: string): Promise<FileHandle> {
    const path = join(directory, 'start');
    await this.kernel.files.mknod(path, { type: 'fifo', mode: 0o600 });
    return open(path, 'r+');
  }

  async execStart({ id, exec }: Args<'execStart'>): Promise<{ process: ProcessRef }> {
    const directory = this.#layout.exec(id, exec);
    const monitor = this.#execs.get(exec);
    const kept = await keptProcess(directory);
    if (kept !== undefined) return { process: kept };
    if (monitor === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `exec session ${exec} was not created`, { exec });
    await writeFifo(join(directory, 'start'), '0').catch((error: unknown) => {
      // No reader: the monitor has ended, and `pid` says why.
      if (!['ENXIO', 'EPIPE'].includes(errnoOf(error) ?? '')) throw error;
    });
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
    if (process !== undefined) await this.#end(process);
    await this.#endMonitor(directory, exec, process === undefined);
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
    if (await lives(this.kernel, process))
      return { status: (await pathExists(join(directory, 'started'))) ? ('running' as const) : ('created' as const), process };
    // It has just ended, and its monitor is about to say how; or the monitor was killed, and nobody will.
    for (let tries = 0; tries < 100 && (await monitorLives(directory, id)); tries += 1) {
      await sleep(10);
      if ((await recordedExit(this.#layout, id)) !== undefined) return this.state({ id });
    }
    if ((await recordedExit(this.#layout, id)) === undefined) await recordLostExit(this.#layout.exit(id));
    return this.state({ id });
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
    return (await namesIn(this.#layout.containers)).map((id) => ({ resource: 'container', id }));
  }

  /** Makes the directories once. Answers where conmon is. */
  #prepare(): Promise<string> {
    return (this.#ready ??= (async () => {
      for (const directory of [this.#layout.state, this.#layout.exits, this.#layout.containers])
        await mkdir(directory, { recursive: true, mode: 0o700 });
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

  /** Kills a process, and waits until it is dead. */
  async #end(process: ProcessRef): Promise<void> {
    if (process.bootId !== this.kernel.processes.bootId() || process.startTicks === 0) return;
    if (!(await this.kernel.processes.kill(process.pid, 9, process.startTicks))) return;
    for (let tries = 0; tries < 500 && (await lives(this.kernel, process)); tries += 1) await sleep(tries < 20 ? 1 : 10);
  }

  /** A monitor ends soon after its process. One that does not, or whose process was never started (`idle`), is killed. */
  async #endMonitor(directory: string, id: string, idle = false): Promise<void> {
    for (let tries = 0; ; tries += 1) {
      // Looked for anew each time: one that has just begun forks before it writes its pid.
      const left: number[] = [];
      for (const pid of await monitorPids(directory, id)) if (await isMonitor(pid, id)) left.push(pid);
      if (left.length === 0) return;
      if (tries > 200) throw new ShiplogError('RUNTIME_FAILED', `the monitor of ${id} does not end`, { id });
      if (idle || tries === 100) for (const pid of left) await this.kernel.processes.kill(pid, 9);
      await sleep(tries < 20 ? 1 : 20);
    }
  }
}

/** Fails ENXIO rather than waits when nobody reads. */
async function writeFifo(path: string, text: string): Promise<void> {
  const fifo = await open(path, constants.O_WRONLY | constants.O_NONBLOCK);
  try {
    await fifo.write(text);
  } finally {
    await fifo.close();
  }
}
