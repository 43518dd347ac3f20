import { randomBytes } from 'node:crypto';
import { lstat, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createContext } from '@shiplog/contracts';
import { type Call, crashSuite, type Stage } from '../crash/index.ts';
import type { TestFunction } from '../in-lab.ts';
import type { RuntimeFactory, RuntimeFixture } from './fixture.ts';
import { createArgs } from './lab.ts';
import { plainCommand } from './plain-command.ts';
import { killProcessesOf, processesOf } from './processes.ts';
import { withSessions } from './session.ts';

/** What of a driver's manifest decides which calls its life has. */
export interface RuntimeAbilities {
  readonly terminal: boolean;
  readonly exec: boolean;
  /** It runs programs. */
  readonly programs: boolean;
}

const PROGRAM = ['/bin/sh', '-c', 'echo ran; exec sleep 1000'];
const SESSION = ['/bin/sleep', '2000'];
/** SIGWINCH, which ends nothing. */
const HARMLESS = 28;
/** Milliseconds. Long beside what anything here takes; a driver that keeps its promises waits for a small part of it. */
const PATIENCE = 10_000;

export interface RuntimeCrashSuite {
  readonly test: TestFunction;
  /** Called for every moment that a driver dies at. */
  readonly factory: RuntimeFactory;
  readonly abilities: RuntimeAbilities;
  /** As of the crash kit: each death is one of a real process, and takes a while. */
  readonly every?: number;
}

/** One container with an exec session, from nothing to nothing: its driver's process is killed anywhere. */
export function runtimeCrashSuite({ test, factory, abilities, every }: RuntimeCrashSuite): void {
  const { terminal, exec } = abilities;
  const verbs = ['create', 'start', ...(terminal ? ['resize'] : []), ...(exec ? ['exec', 'execRemove'] : []), 'signal', 'remove'];
  const stage = async (): Promise<Stage<'runtime'>> => stageOf(await factory(), verbs, abilities);
  crashSuite({ test, name: 'runtime', verbs, factory: stage, ...(every === undefined ? {} : { every }) });
}

function stageOf(fixture: RuntimeFixture, verbs: readonly string[], { terminal, programs }: RuntimeAbilities): Stage<'runtime'> {
  const { home, kernel } = fixture;
  // Others may be looked for by them on this host, at the same time.
  const [id, exec] = [randomBytes(32).toString('hex'), randomBytes(32).toString('hex')];
  const { process: session } = fixture.spec(id, SESSION) as { readonly process?: object };
  const container = { id };
  // Control groups are called after the beginning of an id.
  const varying = [home, fixture.engineId, id, exec, id.slice(0, 12)];
  const args: { readonly [verb: string]: object } = {
    create: createArgs(fixture, PROGRAM, { id, terminal, stdin: terminal }),
    resize: { id, rows: 33, columns: 77 },
    exec: { id, exec, process: session ?? {}, user: '', terminal: false, stdin: false },
    execRemove: { id, exec },
    signal: { id, signal: HARMLESS },
  };
  const life: readonly Call[] = verbs.map((verb) => ({ verb, args: args[verb] ?? container }));
  const said = async (): Promise<number> => (await readFile(fixture.logPath(id), 'utf8').catch(() => '')).split('ran').length - 1;
  return {
    kernel,
    life,
    clear: [{ verb: 'remove', args: container }],
    varying,
    make: async () => withSessions(await fixture.restart()),
    kill: async () => undefined,
    async die(index, last) {
      const call = life[index];
      if (call === undefined) throw new Error(`there is no call ${index + 1}`);
      return fixture.die({ before: life.slice(0, index), call, ...(Number.isFinite(last) ? { last } : {}) });
    },
    plain: (answer) => ('process' in (answer as object) ? { process: 'one' } : answer),
    ...(programs ? { patienceMs: PATIENCE } : {}),
    async look() {
      const { status, process } = await (await fixture.restart()).state(container, context());
      const runs = status === 'running' && programs;
      // Its program says so a moment after it was let run.
      for (const end = Date.now() + PATIENCE; runs && (await said()) === 0 && Date.now() < end;) await sleep(10);
      const lives = process !== undefined && (await kernel.processes.startTicks(process.pid)) === process.startTicks;
      const processes = programs ? await processesOf(home) : [];
      const mounts = (await kernel.mounts.list()).filter(({ target }) => target.startsWith(`${home}/`));
      return [
        `status ${status}`,
        ...(lives ? ['its process lives'] : []),
        ...((await said()) > 0 ? [`ran ${await said()} times`] : []),
        ...processes.map(({ command }) => `process ${plainCommand(command, varying)}`),
        ...mounts.map(({ target }) => `mount ${target}`),
        ...(await filesIn(join(home, 'run'))),
        ...(await filesIn(join(home, 'state'))),
      ];
    },
    async reboot() {
      if (programs) await killProcessesOf(home);
      for (const end = Date.now() + PATIENCE; programs && (await processesOf(home)).length > 0 && Date.now() < end;) await sleep(10);
      for (const name of await readdir(join(home, 'run'))) await rm(join(home, 'run', name), { recursive: true });
      // The output is the log driver's, and what ran before is not to be counted.
      await rm(fixture.logPath(id), { force: true });
    },
    cleanup: () => fixture.cleanup(),
  };
}

/** Every path, and whether it is a directory, a file, or a file that is empty: a torn one is. */
async function filesIn(directory: string): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const path of await readdir(directory, { recursive: true })) {
    const stats = await lstat(join(directory, path)).catch(() => undefined);
    if (stats === undefined) continue;
    lines.push(
      `${stats.isDirectory() ? 'directory' : stats.isFile() ? (stats.size === 0 ? 'empty file' : 'file') : 'node'} ${directory}/${path}`,
    );
  }
  return lines;
}

const context = () => createContext({ op: 'kit-look', signal: AbortSignal.timeout(60_000) });
