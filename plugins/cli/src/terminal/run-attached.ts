import type { Client } from '@shiplog/client';
import { CliError } from '../cli-error.ts';
import type { Context } from '../context.ts';
import { EXIT } from '../exit-codes.ts';
import { commandExitCode } from '../explain.ts';
import { proxySignals } from './proxy-signals.ts';
import { runSession } from './session.ts';

export interface AttachedRun {
  readonly tty: boolean;
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly detachKeys: string | undefined;
  readonly signalProxy: boolean;
  /** The container goes when it exits: wait for that. */
  readonly autoRemove: boolean;
}

/**
 * Attaches to a container, starts it, and stays until it ends or the user detaches (0). Resolves with its exit code.
 *
 * Attach and wait come before the start, so that neither the first byte nor a quick exit is missed. A start that fails
 * throws with 127 (not found), 126 (cannot be executed) or 125.
 */
export async function runAttached(context: Context, client: Client, id: string, run: AttachedRun): Promise<number> {
  const { docker } = client;
  const hijacked = await docker.attach(id, {
    stream: true,
    stdin: run.stdin,
    stdout: run.stdout,
    stderr: run.stderr,
    detachKeys: run.detachKeys,
  });
  const { exit } = await docker.wait(id, run.autoRemove ? 'removed' : 'next-exit');
  const stopProxy = run.signalProxy ? proxySignals(context.signals, (signal) => docker.killContainer(id, signal)) : () => undefined;
  try {
    try {
      await docker.startContainer(id);
    } catch (error) {
      hijacked.socket.destroy();
      throw startFailure(error);
    }
    const end = await runSession(context, hijacked, { ...run, resize: (rows, columns) => docker.resizeContainer(id, rows, columns) });
    if (end === 'detached') return EXIT.ok;
    return (await exit).StatusCode;
  } finally {
    stopProxy();
  }
}

/** A failed start with the exit code that tells why. */
export function startFailure(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ApiError') return error;
  const exitCode = commandExitCode(error.message, EXIT.engine);
  if (exitCode === EXIT.engine) return error;
  const hint =
    exitCode === EXIT.notFound ? 'check the path, PATH and the entrypoint' : 'check that it is an executable file for this machine';
  return new CliError(error.message, { exitCode, hint: `${hint} in the image`, cause: error });
}
