import { UsageError } from './cli-error.ts';
import type { Context } from './context.ts';
import { countedArchive } from './counted-archive.ts';
import { ProgressBar } from './format/progress-bar.ts';
import { printAll } from './print-all.ts';
import { writeWholeFile } from './write-whole-file.ts';

/** Options of a verb that writes an archive. */
export const ARCHIVE_OPTIONS = {
  output: {
    type: 'text',
    short: 'o',
    value: 'FILE',
    help: 'Write to a file, which is whole or not there; .gz and .zst are compressed; stdout without',
    complete: 'file',
  },
  quiet: { type: 'switch', short: 'q', help: 'Show no progress' },
} as const;

interface Written {
  readonly output: string | undefined;
  readonly quiet: boolean;
  /** What goes on, for the progress bar. */
  readonly doing: string;
  /** What to look at where the engine stops sending. */
  readonly hint: string;
}

/** Writes the archive that `ask` has the engine send, to a file or to stdout, with progress. Nothing is asked for if stdout is a terminal. */
export async function writeArchive(
  context: Context,
  { output = '-', quiet, doing, hint }: Written,
  ask: () => Promise<AsyncIterable<Uint8Array>>,
): Promise<void> {
  if (output === '-' && context.stdout.isTTY === true)
    throw new UsageError('an archive is not for a terminal', 'give -o FILE, or send it through a pipe');
  const bar = new ProgressBar(context.stderr, doing, { unit: 'bytes', quiet });
  try {
    const chunks = countedArchive(await ask(), bar, hint);
    if (output === '-') await printAll(context, chunks);
    else await writeWholeFile(output, chunks);
  } finally {
    bar.clear();
  }
}
