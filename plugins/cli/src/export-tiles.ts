import { CliError } from './cli-error.ts';
import { type Context, print } from './context.ts';
import { ProgressBar } from './format/progress-bar.ts';
import { checked, trustOf } from './proof-trust.ts';

/** Mirrors the engine's log into a directory of tiles, and says how much was new. Throws CliError for what does not fit or cannot be written. */
export async function exportTiles(context: Context, path: string, quiet: boolean): Promise<void> {
  const { tlog, native } = await context.client();
  const { mirror, TlogDirectory } = await import('@shiplog/tlog-directory');
  const { log } = trustOf(await tlog.key());
  const bar = new ProgressBar(context.stderr, 'Exporting', { unit: 'count', quiet });
  const source = {
    checkpoint: async () => tlog.checkpoint({ covers: (await native.info()).durableSeq + 1 }),
    resource: (resource: string) => tlog.resource(resource),
    data: (seq: number) => tlog.event(seq),
  };
  try {
    const { checkpoint, added } = await checked(`the copy in ${path}`, () =>
      mirror(source, new TlogDirectory(path), log, (events, total) => bar.update(events, total)),
    );
    bar.clear();
    print(context, `${checkpoint.size} events of ${checkpoint.origin} in ${path}, ${added} of them new`);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined || !/^E[A-Z]+$/.test(code)) throw error;
    throw new CliError(`${path} cannot be written: ${message}`, { cause: error });
  } finally {
    bar.clear();
  }
}
