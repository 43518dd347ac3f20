import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { type FileHandle, open, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errnoOf, pathExists, readIfThere, together } from '@shiplog/driver-kit';
import { type Kernel, type OperationContext, type ProcessRef, type RuntimeDriver, ShiplogError } from '@shiplog/contracts';
import { completeProcess } from './bundle.ts';
import type { Exits } from './exits.ts';
import { writeFifo } from './fifo.ts';
import type { Layout } from './layout.ts';
import { endMonitor, monitorLives } from './monitor-process.ts';
import { type Monitor, startMonitor } from './monitor.ts';
import { ownLimits } from './own-limits.ts';
import { identify, keepProcess, keptProcess, lives } from './process-ref.ts';
import { endSession } from './process-session.ts';
import { isBeingRemoved } from './removal.ts';
import type { Runtimes } from './runtimes.ts';
import {
  keptSessionGroup,
  makeSessionGroup,
  removeSessionGroup,
  removeSessionGroups,
  type SessionGroup,
  type SessionHierarchy,
  sessionHierarchy,
} from './session-group.ts';

type Args<V extends keyof RuntimeDriver> = RuntimeDriver[V] extends (args: infer A, ctx: OperationContext) => unknown ? A : never;

/** What is read of a bundle. */
interface Config {
  readonly root: { readonly path: string };
  readonly linux: { readonly cgroupsPath?: string };
}

/** A file in a session's directory: its process was let run. */
const LET_RUN = 'let-run';

/** Further processes in containers, each under a monitor of its own. */
export class ExecSessions {
  readonly #sessions = new Map<string, Monitor>();
  #found: Promise<SessionHierarchy | undefined> | undefined;

  constructor(
    private readonly kernel: Kernel,
    private readonly layout: Layout,
    private readonly runtimes: Runtimes,
    private readonly exits: Exits,
  ) {}

  async create(args: Args<'execCreate'>): Promise<Record<string, never>> {
    const { id, exec } = args;
    if (this.#sessions.has(exec)) return {};
    const directory = this.layout.exec(id, exec);
    await this.#requireRunning(id);
    // What an engine that ended left. Its monitor ended with it, or its process has run: it cannot be started again.
    if (await pathExists(directory)) await this.#end({ id, exec });
    try {
      await this.#make(args, directory);
    } catch (error) {
      await this.#end({ id, exec });
      // One that has ended meanwhile is why.
      await this.#requireRunning(id, error);
      throw error;
    }
    return {};
  }

  async #requireRunning(id: string, cause?: unknown): Promise<void> {
    const bundle = this.layout.bundle(id);
    const main = keptProcess(bundle);
    if (main === undefined || isBeingRemoved(bundle) || !(await lives(this.kernel, main))) throw notRunning(id, cause);
  }

  async #make(args: Args<'execCreate'>, directory: string): Promise<void> {
    const { id, exec } = args;
    const given = args.process as { readonly args: readonly string[] };
    const [conmon, runtime, config, limits] = await together([
      this.runtimes.monitor(),
      this.runtimes.of(id),
      readFile(join(this.layout.bundle(id), 'config.json'), 'utf8'),
      ownLimits(),
    ]);
    // Not the container's own: it may have been removed by now.
    for (const made of [dirname(directory), directory, join(directory, 'persist'), this.layout.execExits(id, exec)]) makeDirectory(made);
    const { root, linux } = JSON.parse(config) as Config;
    const group = await this.#makeGroup(linux.cgroupsPath, exec, directory);
    const alone = { path: runtime.path, flags: runtime.flags, options: [] };
    const { path, flags, options } = (group === undefined ? undefined : runtime.sessionIn?.(group)) ?? alone;
    const process = await completeProcess(this.kernel, root.path, given, args.user, [], limits);
    await writeFile(join(directory, 'process.spec'), await runtime.processFile(this.layout.bundle(id), process, group), { mode: 0o600 });
    const start = await this.#openStart(directory);
    let monitor: Monitor;
    try {
      // The first byte lets the monitor make ready.
      await start.write('0');
      monitor = await startMonitor(this.kernel, {
        conmon,
        runtime: { path, flags },
        container: id,
        id: exec,
        directory,
        exitDirectory: this.layout.execExits(id, exec),
        log: 'none',
        terminal: args.terminal,
        stdin: args.stdin,
        stdinOnce: true,
        exec: {
          process: join(directory, 'process.spec'),
          start: start.fd,
          options,
          mayBegin: () => {
            if (isBeingRemoved(this.layout.bundle(id))) throw notRunning(id);
          },
        },
        command: given.args[0] ?? '',
      });
    } finally {
      await start.close();
    }
    this.#sessions.set(exec, monitor);
    await monitor.attachable;
  }

  /** None where the host has no fit hierarchy, or the container no group in it. */
  async #makeGroup(cgroupsPath: string | undefined, exec: string, directory: string): Promise<SessionGroup | undefined> {
    const hierarchy = await this.#hierarchy();
    return hierarchy === undefined || cgroupsPath === undefined ? undefined : makeSessionGroup(hierarchy, cgroupsPath, exec, directory);
  }

  /** What is mounted of control groups stays. */
  #hierarchy(): Promise<SessionHierarchy | undefined> {
    return (this.#found ??= sessionHierarchy(this.kernel));
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

  async start({ id, exec }: Args<'execStart'>): Promise<{ process: ProcessRef }> {
    const directory = this.layout.exec(id, exec);
    const monitor = this.#sessions.get(exec);
    const kept = keptProcess(directory);
    if (kept !== undefined) return { process: kept };
    if (monitor === undefined) throw new ShiplogError('EXEC_NOT_FOUND', `exec session ${exec} was not created`, { exec });
    writeFileSync(join(directory, LET_RUN), '');
    try {
      writeFifo(join(directory, 'start'), '0');
    } catch (error) {
      // No reader: the monitor has ended, and `pid` says why.
      if (!['ENXIO', 'EPIPE'].includes(errnoOf(error) ?? '')) throw error;
    }
    const process = await identify(this.kernel, await monitor.pid);
    keepProcess(directory, process);
    this.exits.watchExec(id, exec);
    return { process };
  }

  async remove({ id, exec }: Args<'execRemove'>): Promise<Record<string, never>> {
    // Its directory goes last, but with that of a container that is removed while it is made: then it is known here.
    if (this.#sessions.has(exec) || existsSync(this.layout.exec(id, exec))) await this.#end({ id, exec });
    return {};
  }

  async #end({ id, exec }: Args<'execRemove'>): Promise<void> {
    const directory = this.layout.exec(id, exec);
    this.exits.forgetExec(exec);
    this.#sessions.delete(exec);
    const process = keptProcess(directory) ?? (await this.#unkept(directory, exec));
    const group = keptSessionGroup(directory);
    if (process !== undefined) await endSession(this.kernel, process, group);
    await endMonitor(this.kernel, directory, exec, process === undefined);
    if (group !== undefined) await removeSessionGroup(group);
    await rm(directory, { recursive: true, force: true });
  }

  /** The process that an engine let run, and did not live to keep. The monitor may still be about to make it. */
  async #unkept(directory: string, exec: string): Promise<ProcessRef | undefined> {
    if (!existsSync(join(directory, LET_RUN))) return undefined;
    for (let tries = 0; tries < 500 && (await monitorLives(directory, exec)); tries += 1) {
      const pid = Number(await readIfThere(join(directory, 'pid')));
      if (pid > 0) return identify(this.kernel, pid);
      await sleep(10);
    }
    return undefined;
  }

  /** Forgets sessions whose container is removed; {@link ExecSessions.end} ends them. */
  forget(sessions: readonly string[]): void {
    for (const exec of sessions) {
      this.exits.forgetExec(exec);
      this.#sessions.delete(exec);
    }
  }

  /** Removes what sessions had in the groups of a container that has ended. */
  async removeGroups(id: string): Promise<void> {
    const hierarchy = await this.#hierarchy();
    const text = await readIfThere(join(this.layout.bundle(id), 'config.json'));
    const cgroupsPath = text === undefined ? undefined : (JSON.parse(text) as Config).linux.cgroupsPath;
    if (hierarchy !== undefined && cgroupsPath !== undefined) await removeSessionGroups(hierarchy, cgroupsPath);
  }

  /** Waits for the monitor of a session whose container has ended. */
  async end(id: string, exec: string): Promise<void> {
    const directory = this.layout.exec(id, exec);
    await endMonitor(this.kernel, directory, exec, keptProcess(directory) === undefined);
  }
}

function notRunning(id: string, cause?: unknown): ShiplogError {
  return new ShiplogError('CONTAINER_NOT_RUNNING', `container ${id} is not running`, { id }, { cause });
}

/** Makes a directory in one that is there, unless it is there itself. */
function makeDirectory(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}
