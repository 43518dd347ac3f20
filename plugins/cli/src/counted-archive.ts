import { CliError } from './cli-error.ts';
import type { ProgressBar } from './format/progress-bar.ts';

/** An archive as the engine sends it, with a bar that shows how far it is. The engine cuts the connection where it cannot go on: half an archive is none. */
export async function* countedArchive(
  chunks: AsyncIterable<Uint8Array>,
  bar: ProgressBar,
  hint: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  let bytes = 0;
  const source = chunks[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await source.next().catch((cause: unknown) => {
        throw new CliError('the engine stopped sending: the archive is not whole', { hint, cause });
      });
      if (next.done === true) return;
      bytes += next.value.length;
      bar.update(bytes);
      yield next.value;
    }
  } finally {
    await source.return?.();
  }
}
