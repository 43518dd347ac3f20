import { existsSync, linkSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setInterval } from 'node:timers/promises';
import type { Kernel, ProcessExit, ProcessRef } from '@shiplog/contracts';
import { errnoOf, namesIn } from '@shiplog/driver-kit';
import type { Layout } from './layout.ts';
import { monitorLives } from './monitor-process.ts';
import { isKept, keptProcess, lives } from './process-ref.ts';

/** Milliseconds between two looks for processes that ended without a monitor. Rare, and cheap to look for. */
const LOST_EVERY = 2000;

/** What is told of a process whose monitor was killed: nobody can know how it ended. */
const LOST = 255;

/** The exit that is on record for a container, or undefined. */
export function recordedExit(layout: Layout, id: string): ProcessExit | undefined {
  return readExit(layout.exit(id), id, join(layout.bundle(id), 'persist', 'oom'));
}

/** The exit that is on record for an exec session, or undefined. */
export function recordedExecExit(layout: Layout, id: string, exec: string): ProcessExit | undefined {
  const exit = readExit(join(layout.execExits(id, exec), id), id, join(layout.exec(id, exec), 'persist', 'oom'));
  return exit === undefined ? undefined : { ...exit, exec };
}

/** The monitor writes the code as decimal text and renames the file into place, so that what is there is whole. */
function readExit(path: string, id: string, oom: string): ProcessExit | undefined {
  try {
    const text = readFileSync(path, 'utf8');
    const { mtimeNs } = statSync(path, { bigint: true });
    return { id, exitCode: Number(text.trim()), oomKilled: existsSync(oom), finishedAt: mtimeNs.toString() };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * Writes at `record` the exit of the process kept in `directory`, which a killed monitor could not. Never in place of one that is there, and not
 * when the directory is gone, or another process's: then it would be the exit of whoever has the id next. At once, so that neither comes in between,
 * nor another who writes the same draft.
 */
export function recordLostExit(directory: string, process: ProcessRef, record: string): void {
  if (existsSync(record) || !isKept(directory, process)) return;
  const draft = `${record}.lost`;
  writeFileSync(draft, String(LOST), { mode: 0o600 });
  try {
    linkSync(draft, record);
  } catch (error) {
    // The monitor lives, and was quicker.
    if (errnoOf(error) !== 'EEXIST') throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

/** Watches exit files, and tells each exit at least once to everyone who follows. */
export class Exits {
  readonly #followers = new Set<(exit: ProcessExit) => void>();
  readonly #sessions = new Map<string, AbortController>();

  constructor(
    private readonly layout: Layout,
    private readonly kernel: Kernel,
  ) {}

  /** Watches for the end of an exec session until it is told or forgotten. */
  watchExec(id: string, exec: string): void {
    if (this.#sessions.has(exec)) return;
    const abort = new AbortController();
    this.#sessions.set(exec, abort);
    const look = (): void => {
      const exit = recordedExecExit(this.layout, id, exec);
      if (exit === undefined || abort.signal.aborted) return;
      this.forgetExec(exec);
      this.#tell(exit);
    };
    try {
      const watcher = watch(this.layout.execExits(id, exec), { signal: abort.signal, persistent: false }, look);
      watcher.on('error', () => this.forgetExec(exec));
    } catch (error) {
      this.#sessions.delete(exec);
      // It is being made, and is watched from its start; or it is being removed.
      if (errnoOf(error) === 'ENOENT') return;
      throw error;
    }
    look();
  }

  forgetExec(exec: string): void {
    this.#sessions.get(exec)?.abort();
    this.#sessions.delete(exec);
  }

  /** See RuntimeDriver.exits. */
  async *follow(signal: AbortSignal): AsyncGenerator<ProcessExit> {
    const queue: ProcessExit[] = [];
    let wake: () => void = () => undefined;
    const tell = (exit: ProcessExit): void => {
      queue.push(exit);
      wake();
    };
    let failed: unknown;
    const fail = (error: unknown): void => {
      failed = error;
      wake();
    };
    const look = (id: string): void => {
      try {
        const exit = recordedExit(this.layout, id);
        if (exit !== undefined) tell(exit);
      } catch (error) {
        fail(error);
      }
    };
    this.#followers.add(tell);
    const ended = new AbortController();
    const stop = (): void => wake();
    signal.addEventListener('abort', stop);
    // Watching begins before looking: an exit in between is told twice rather than never.
    const watcher = watch(this.layout.exits, { persistent: false }, (_, name) => {
      // Names with a dot are the monitor's temporary files.
      if (name !== null && !name.includes('.')) look(name);
    });
    watcher.on('error', fail);
    this.#recordLost(ended.signal).catch(fail);
    try {
      for (const id of await readdir(this.layout.exits)) if (!id.includes('.')) look(id);
      for (const id of await namesIn(this.layout.containers)) {
        for (const exec of await namesIn(join(this.layout.bundle(id), 'exec'))) this.watchExec(id, exec);
      }
      while (!signal.aborted) {
        if (failed !== undefined) throw failed;
        const exit = queue.shift();
        if (exit !== undefined) yield exit;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
      }
    } finally {
      watcher.close();
      ended.abort();
      this.#followers.delete(tell);
      signal.removeEventListener('abort', stop);
    }
  }

  /** Now and then looks for processes that ended after their monitor was killed. */
  async #recordLost(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of setInterval(LOST_EVERY, undefined, { signal, ref: false })) {
        for (const id of await namesIn(this.layout.containers)) {
          await this.#recordIfLost(this.layout.bundle(id), id, this.layout.exit(id));
          for (const exec of await namesIn(join(this.layout.bundle(id), 'exec'))) {
            await this.#recordIfLost(this.layout.exec(id, exec), exec, join(this.layout.execExits(id, exec), id));
          }
        }
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #recordIfLost(directory: string, id: string, record: string): Promise<void> {
    const process = keptProcess(directory);
    // In this order: a monitor writes the exit before it ends.
    if (process === undefined || (await lives(this.kernel, process)) || (await monitorLives(directory, id))) return;
    recordLostExit(directory, process, record);
  }

  #tell(exit: ProcessExit): void {
    for (const follower of this.#followers) follower(exit);
  }
}
