import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { ShiplogError } from '@shiplog/contracts';
import { failure } from './failure.ts';

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
  readonly exec?: { readonly process: string; readonly start: number };
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
export function startMonitor(watched: Watched): Monitor {
  const { directory, exec } = watched;
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
    ...watched.runtime.flags.flatMap((flag) => ['--runtime-arg', flag]),
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
    ...(exec === undefined ? [] : ['--exec', '--exec-attach', '--exec-process-spec', exec.process]),
  ];
  const pipes = exec === undefined ? { _OCI_SYNCPIPE: '3' } : { _OCI_SYNCPIPE: '3', _OCI_STARTPIPE: '4', _OCI_ATTACHPIPE: '5' };
  const child = spawn(watched.conmon, args, {
    detached: true,
    // It leaves a file called oom where it stands.
    cwd: directory,
    env: { PATH: process.env.PATH ?? '', ...pipes },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', ...(exec === undefined ? [] : [exec.start, 'pipe' as const])],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const pipesHere: readonly unknown[] = child.stdio;
  const sync = pipesHere[3] as Readable;
  const attach = pipesHere[5] as Readable | undefined;
  const pid = new Promise<number>((resolve, reject) => {
    let line = '';
    sync.setEncoding('utf8').on('data', (text: string) => {
      line += text;
      const end = line.indexOf('\n');
      if (end < 0) return;
      const { number, message } = parseTold(line.slice(0, end));
      if (number > 0) resolve(number);
      else reject(failure(message ?? `the runtime ended with ${-number}`, exec === undefined ? 'create' : 'exec', watched.command));
    });
    sync.on('close', () =>
      reject(new ShiplogError('RUNTIME_FAILED', `the monitor ended before the process began: ${said.trim()}`, { id: watched.id })),
    );
    child.on('error', (error) => reject(ShiplogError.wrap(error, 'RUNTIME_FAILED', { command: watched.conmon })));
  });
  pid.catch(() => undefined);
  const attachable = new Promise<void>((resolve, reject) => {
    if (attach === undefined) resolve();
    attach?.once('data', () => resolve());
    attach?.once('close', () =>
      reject(
        new ShiplogError('RUNTIME_FAILED', `the monitor ended before its process could be attached: ${said.trim()}`, { id: watched.id }),
      ),
    );
  });
  attachable.catch(() => undefined);
  child.unref();
  return { pid, attachable };
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
