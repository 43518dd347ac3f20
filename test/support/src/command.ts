import { spawn } from 'node:child_process';
import { PATIENCE } from './patience.ts';

/** What a command printed and how it ended: its exit code, or 128 and the signal's number. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SIGNALS: { readonly [name: string]: number } = { SIGINT: 2, SIGKILL: 9, SIGTERM: 15 };

/** Runs a command to its end; killed after `timeoutMs` (60 s if absent) times {@link PATIENCE}, which counts as 137. */
export function run(
  command: string,
  args: readonly string[],
  options: {
    readonly input?: string | Uint8Array;
    readonly env?: NodeJS.ProcessEnv;
    readonly cwd?: string;
    readonly timeoutMs?: number;
  } = {},
): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: options.cwd, env: options.env ?? process.env, stdio: ['pipe', 'pipe', 'pipe'] });
    const timer = setTimeout(() => child.kill('SIGKILL'), (options.timeoutMs ?? 60_000) * PATIENCE);
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code: code ?? 128 + (SIGNALS[signal ?? ''] ?? 0), stdout, stderr });
    });
    // A command may end without reading all it was given.
    child.stdin.on('error', () => undefined);
    child.stdin.end(options.input ?? '');
  });
}
