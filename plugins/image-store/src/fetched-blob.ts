import { createReadStream } from 'node:fs';
import type { Digest } from '@shiplog/contracts';
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
  const content = digestStream(decompress(raw, { limitBytes, whole: true }));
  try {
    for await (const chunk of content) void chunk;
  } finally {
    raw.destroy();
  }
  return { digest: content.digest(), size: content.bytes };
}
