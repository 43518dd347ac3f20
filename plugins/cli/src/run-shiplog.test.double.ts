import { PassThrough } from 'node:stream';
import { createClient } from '@shiplog/client';
import picocolors from 'picocolors';
import type { Context } from './context.ts';
import { dispatch } from './dispatch.ts';

/** What a command line did. */
export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** The moment at which tests run. */
export const NOW = Date.UTC(2026, 0, 31, 12);

/** Runs a command line in this process, with pipes for stdio. */
export async function runShiplog(
  argv: readonly string[],
  options: {
    readonly host?: string;
    readonly input?: string;
    readonly env?: { readonly [name: string]: string };
    readonly onOutput?: (text: string) => void;
  } = {},
): Promise<Ran> {
  const stdin = new PassThrough();
  stdin.end(options.input ?? '');
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  if (options.onOutput !== undefined) stdout.on('data', (chunk: Buffer) => options.onOutput?.(chunk.toString()));
  const context: Context = {
    stdin,
    stdout,
    stderr,
    env: options.env ?? {},
    signals: process,
    colors: picocolors.createColors(false),
    now: () => NOW,
    client: async () => createClient({ host: options.host ?? 'unix:///nonexistent/shiplog.sock' }),
  };
  const texts = Promise.all([stdout, stderr].map(readAll));
  const code = await dispatch(context, argv);
  stdout.end();
  stderr.end();
  const [out = '', error = ''] = await texts;
  return { code, stdout: out, stderr: error };
}

async function readAll(stream: PassThrough): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += String(chunk);
  return text;
}
