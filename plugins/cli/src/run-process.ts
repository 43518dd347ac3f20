import picocolors from 'picocolors';
import { UsageError } from './cli-error.ts';
import type { Context } from './context.ts';
import { dispatch } from './dispatch.ts';
import { globalOptions } from './global-options.ts';
import { VERSION } from './version.ts';

/** Runs this process's command line and ends the process. */
export async function runProcess(): Promise<void> {
  // Whoever reads our output may leave before the end (`| head`).
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const { host, version, rest } = globalOptions(process.argv.slice(2));
  if (version) {
    process.stdout.write(`shiplog ${VERSION}\n`);
    process.exit(0);
  }
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
