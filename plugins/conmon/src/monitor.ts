import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, ShiplogError, type SpawnPipe } from '@shiplog/contracts';
import { failure } from './failure.ts';
import { beginMonitor } from './monitor-process.ts';

/** What the monitor needs to know of a process. */
export interface Watched {
  readonly conmon: string;
  readonly runtime: { readonly path: string; readonly flags: readonly string[] };
  readonly container: string;
  /** The container's id or the exec session's. */
  readonly id: string;
  readonly directory: string;
  readonly exitDirectory: string;
  readonly log: string;
  readonly terminal: boolean;
  readonly stdin: boolean;
  readonly stdinOnce: boolean;
  /** An OCI process file: run it in the container instead of making one, once a byte comes out of the FIFO open as `start`. */
  readonly exec?: {
    readonly process: string;
    readonly start: number;
    /** Words for the runtime, after the verb. */
    readonly options: readonly string[];
    /** Called at the last moment, when it is on record that the monitor begins. Throws where it must not. */
    readonly mayBegin: () => void;
  };
  /** First word of what runs, for messages. */
  readonly command: string;
}

/** A monitor that was started. It outlives this process: it forks, and the child leads a session of its own. */
export interface Monitor {
  /** Pid of the process it made. Rejects with what the runtime said if it made none. */
  readonly pid: Promise<number>;
  /** For exec: resolves when its attach socket is there. */
  readonly attachable: Promise<void>;
}

/**
 * Starts conmon(8). It runs the runtime's `create` (or `exec`), keeps the process's stdio, writes its output to the log, and
 * its exit code to a file when it ends. It tells the pid, or the runtime's error, as one JSON line on a pipe.
 */
export async function startMonitor(kernel: Kernel, watched: Watched): Promise<Monitor> {
  const { directory, exec } = watched;
  // With a terminal, conmon leaves the runtime no stderr to say on why an exec failed.
  const told = exec !== undefined && watched.terminal ? join(directory, 'told') : undefined;
  const args = [
    '--api-version',
    '1',
    '--cid',
    watched.container,
    '--cuuid',
    watched.id,
    '--name',
    watched.id,
    '--runtime',
    watched.runtime.path,
    ...[...watched.runtime.flags, ...(told === undefined ? [] : ['--log', told])].flatMap((flag) => ['--runtime-arg', flag]),
    '--bundle',
    directory,
    '--container-pidfile',
    `${directory}/pid`,
    '--conmon-pidfile',
    `${directory}/monitor-pid`,
    '--exit-dir',
    watched.exitDirectory,
    '--persist-dir',
    `${directory}/persist`,
    '--full-attach',
    '--log-path',
    watched.log,
    '--no-new-keyring',
    ...(watched.terminal ? ['--terminal'] : []),
    ...(watched.stdin ? ['--stdin'] : []),
    ...(watched.stdin && !watched.stdinOnce ? ['--leave-stdin-open'] : []),
    ...(exec === undefined
      ? []
      : ['--exec', '--exec-attach', '--exec-process-spec', exec.process, ...exec.options.flatMap((option) => ['--runtime-opt', option])]),
  ];
  const pipes = exec === undefined ? { _OCI_SYNCPIPE: '3' } : { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4', _OCI_ATTACHPIPE: '5' };
  const {
    pipes: [, , stderr, sync, , attach],
  } = await beginMonitor(kernel, directory, () => {
    exec?.mayBegin();
    return kernel.processes.spawn({
      program: watched.conmon,
      args,
      env: { PATH: process.env.PATH ?? '', ...pipes },
      // It leaves a file called oom where it stands.
      directory,
      files: ['null', 'null', 'pipe', 'pipe', ...(exec === undefined ? [] : [exec.start, 'pipe' as const])],
    });
  });
  const said = textOf(stderr);
  const silent = async (what: string): Promise<never> => {
    throw new ShiplogError('RUNTIME_FAILED', `the monitor ended before ${what}: ${(await said).trim()}`, { id: watched.id });
  };
  const pid = (async () => {
    const line = await firstLine(sync);
    if (line === undefined) {
      const text = told === undefined ? '' : await readFile(told, 'utf8').catch(() => '');
      if (text !== '') throw failure(text, 'exec', watched.command);
      return silent('the process began');
    }
    const { number, message } = parseTold(line);
    if (number > 0) return number;
    throw failure(message ?? `the runtime ended with ${-number}`, exec === undefined ? 'create' : 'exec', watched.command);
  })();
  const attachable = (async () => {
    if (exec !== undefined && (await firstLine(attach)) === undefined) await silent('its process could be attached');
  })();
  // Who does not come to wait for them is told by the other one.
  pid.catch(() => undefined);
  attachable.catch(() => undefined);
  return { pid, attachable };
}

async function textOf(pipe: SpawnPipe | undefined): Promise<string> {
  let text = '';
  for await (const bytes of pipe ?? []) text += Buffer.from(bytes).toString();
  return text;
}

/** What is written up to the first line's end; undefined when the pipe ends before. The rest is read and let go: writers must not get stuck. */
function firstLine(pipe: SpawnPipe | undefined): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    (async () => {
      let text = '';
      for await (const bytes of pipe ?? []) {
        if (!text.includes('\n')) text += Buffer.from(bytes).toString();
        const end = text.indexOf('\n');
        if (end >= 0) resolve(text.slice(0, end));
      }
      resolve(undefined);
    })().catch(reject);
  });
}

/** A line of the sync pipe: `{"pid": 12}`, or `{"pid": -1, "message": "..."}`; newer monitors say `data` for `pid`. */
function parseTold(line: string): { readonly number: number; readonly message?: string | undefined } {
  try {
    const { pid, data, message } = JSON.parse(line) as { readonly pid?: number; readonly data?: number; readonly message?: string };
    return { number: pid ?? data ?? -1, message };
  } catch (error) {
    if (error instanceof SyntaxError) return { number: -1, message: line };
    throw error;
  }
}
