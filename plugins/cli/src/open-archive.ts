import { open } from 'node:fs/promises';
import { type Readable, Transform } from 'node:stream';
import { CliError, UsageError } from './cli-error.ts';
import type { Context } from './context.ts';
import { ProgressBar } from './format/progress-bar.ts';

/** Bytes to send, and the bar that shows how far they are. */
export interface Archive {
  readonly body: Readable;
  readonly bar: ProgressBar;
}

/** Opens a file, or stdin where there is none or `-`. Throws UsageError for a terminal as stdin, CliError for a file it cannot read. */
export async function openArchive(
  context: Context,
  path: string | undefined,
  options: { readonly label: string; readonly quiet: boolean },
): Promise<Archive> {
  const { source, size } = await openSource(context, path);
  const bar = new ProgressBar(context.stderr, options.label, { unit: 'bytes', quiet: options.quiet });
  let sent = 0;
  const body = source.pipe(
    new Transform({
      transform(chunk: Uint8Array, _encoding, done) {
        sent += chunk.length;
        bar.update(sent, size);
        done(null, chunk);
      },
    }),
  );
  source.on('error', (error) => body.destroy(error));
  return { body, bar };
}

async function openSource(context: Context, path: string | undefined): Promise<{ readonly source: Readable; readonly size: number }> {
  if (path === undefined || path === '-') {
    if (context.stdin.isTTY === true)
      throw new UsageError('there is no archive to read', 'name a file with -i FILE, or pipe the archive in');
    return { source: context.stdin, size: 0 };
  }
  try {
    const file = await open(path);
    return { source: file.createReadStream(), size: (await file.stat()).size };
  } catch (error) {
    throw new CliError(`cannot read ${path}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
