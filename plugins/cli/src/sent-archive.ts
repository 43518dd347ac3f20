import { Readable } from 'node:stream';
import type { ProgressBar } from './format/progress-bar.ts';

/** Bytes to send, with a bar that shows how far they are. */
export function sentArchive(chunks: AsyncIterable<Uint8Array | string>, bar: ProgressBar): Readable {
  async function* counted(): AsyncGenerator<Uint8Array, void, undefined> {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      bar.update(bytes);
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  }
  return Readable.from(counted(), { objectMode: false });
}
