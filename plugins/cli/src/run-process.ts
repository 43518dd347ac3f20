import picocolors from 'picocolors';
import { UsageError } from './cli-error.ts';
import type { Context } from './context.ts';
import { dispatch } from './dispatch.ts';
import { VERSION } from './version.ts';

/** Runs this process's command line and ends the process. */
export async function runProcess(): Promise<void> {
  // Whoever reads our output may leave before the end (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { host, rest } = globalOptions(process.argv.slice(2));
  const context: Context = {
    // Opening stdin takes a while, and most verbs never read it.
    get stdin() {
      return process.stdin;
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    signals: process,
    colors: picocolors.createColors(process.stdout.isTTY && !process.env['NO_COLOR']),
    now: Date.now,
    client: async () => {
      const { createClient } = await import('@shiplog/client');
      try {
        return createClient(host === undefined ? {} : { host });
      } catch (error) {
        throw error instanceof TypeError ? new UsageError(error.message, 'check -H, SHIPLOG_HOST and DOCKER_HOST') : error;
      }
    },
  };
  const code = await dispatch(context, rest);
  // A full pipe is written in the background: leaving waits for what was printed, not for a stdin that is still open.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((resolve) => stream.write('', resolve))));
  process.exit(code);
}

function globalOptions(argv: readonly string[]): { readonly host?: string; readonly rest: readonly string[] } {
  const [first, second, ...rest] = argv;
  if ((first === '-H' || first === '--host') && second !== undefined) return { host: second, rest };
  const equals = first?.match(/^(?:--host=|-H)(.+)$/)?.[1];
  if (equals !== undefined) return { host: equals, rest: argv.slice(1) };
  if (first === '-v' || first === '--version') {
    process.stdout.write(`shiplog ${VERSION}\n`);
    process.exit(0);
  }
  return { rest: argv };
}
