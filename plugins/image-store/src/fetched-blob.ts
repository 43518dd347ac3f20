import { createReadStream } from 'node:fs';
import { type Digest, ShiplogError } from '@shiplog/contracts';
import { decompress, digestStream } from '@shiplog/oci';

const READ_BYTES = 512 * 1024;

/** A blob that was fetched into a file of its own, and is as announced. */
export interface FetchedBlob {
  readonly file: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
}

/** Digest and bytes of a file. */
export async function digestOf(file: string, signal: AbortSignal): Promise<Omit<FetchedBlob, 'file'>> {
  const stream = digestStream(createReadStream(file, { highWaterMark: READ_BYTES, signal }));
  for await (const chunk of stream) void chunk;
  return { digest: stream.digest(), size: stream.bytes };
}

/** The same of what is in it, decompressed: `limitBytes` at most. Throws ARCHIVE_INVALID for more, for broken data, and for data after their end. */
export async function contentOf(file: string, limitBytes: number, signal: AbortSignal): Promise<Omit<FetchedBlob, 'file'>> {
  const raw = createReadStream(file, { highWaterMark: READ_BYTES, signal });
  let isRead = false;
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* raw as AsyncIterable<Uint8Array>;
    isRead = true;
  }
  const content = digestStream(decompress(whole(), { limitBytes }));
  try {
    for await (const chunk of content) void chunk;
  } finally {
    raw.destroy();
  }
  if (!isRead) throw new ShiplogError('ARCHIVE_INVALID', 'the image has data after the end of a compressed layer');
  return { digest: content.digest(), size: content.bytes };
}
