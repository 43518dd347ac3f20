import type { ProgressLine } from '@shiplog/client';
import { CliError } from '../cli-error.ts';
import type { Output } from '../context.ts';
import { catalogueHint } from '../explain.ts';
import { BlobsBar } from '../format/blobs-bar.ts';
import type { ProgressBar } from '../format/progress-bar.ts';

interface Shown {
  /** What is drawn until the first line comes. */
  readonly bar: ProgressBar;
  /** Nothing is written but to `err`, and that only if it fails. */
  readonly quiet: boolean;
  /** What the Dockerfile is called where it comes from. */
  readonly dockerfile: string;
  readonly out: Output;
  readonly err: Output;
}

/** Writes what a build prints, as it comes. Resolves with the image's id. An error of a step says which line of the Dockerfile it is at: CliError, with it as the cause, and with the exit code of a command that failed. */
export async function showBuild(lines: AsyncIterable<ProgressLine>, { bar, quiet, dockerfile, out, err }: Shown): Promise<string> {
  let id = '';
  let kept = '';
  const pulled = new BlobsBar(err, 'Pulling', quiet);
  try {
    for await (const line of lines) {
      const { stream, aux } = line;
      bar.clear();
      if (pulled.takes(line)) continue;
      pulled.clear();
      id = aux?.ID ?? id;
      if (stream === undefined) continue;
      if (quiet) kept += stream;
      else out.write(stream);
    }
  } catch (error) {
    bar.clear();
    pulled.clear();
    err.write(kept);
    throw located(error, dockerfile);
  }
  return quiet ? kept.trim() : id;
}

function located(error: unknown, dockerfile: string): unknown {
  if (!(error instanceof Error) || !('facts' in error)) return error;
  const { line, exitCode } = error.facts as { readonly line?: unknown; readonly exitCode?: unknown };
  if (typeof line !== 'number') return error;
  const hint = 'code' in error && typeof error.code === 'string' ? catalogueHint(error.code) : undefined;
  return new CliError(`${dockerfile}:${line}: ${error.message}`, {
    cause: error,
    ...(hint === undefined ? {} : { hint }),
    ...(typeof exitCode === 'number' ? { exitCode } : {}),
  });
}
