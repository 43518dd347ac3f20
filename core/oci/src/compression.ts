import { Readable } from 'node:stream';
import { createGunzip, createZstdDecompress } from 'node:zlib';
import { ShiplogError } from '@shiplog/contracts';

/** How a stream is compressed. */
export type Compression = 'plain' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

/** Decompresses what Node cannot. Errors of the source pass unchanged, and leaving it early closes the source. */
export type Decompressor = (compression: 'bzip2' | 'xz', source: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** A stream with what its first bytes say. `stream` is whole: nothing was taken from it. Can be read once. */
export interface SniffedStream {
  readonly compression: Compression;
  readonly stream: AsyncIterable<Uint8Array>;
}

const HEAD_BYTES = 6;
/** Each piece is a way to a thread and back: with Node's 16 KiB, that costs more than the work. */
const CHUNK_BYTES = 256 * 1024;

/**
 * Tells the compression from the first bytes (RFC 1952, RFC 8878; The .xz File Format, 2.1.1.1). Fewer than six bytes are enough only at the end of a stream.
 */
export function compressionOf(head: Uint8Array): Compression {
  if (startsWith(head, [0x1f, 0x8b])) return 'gzip';
  if (startsWith(head, [0x28, 0xb5, 0x2f, 0xfd])) return 'zstd';
  // A skippable frame may come first (RFC 8878, 3.1.2).
  if (head.length >= 4 && (head[0]! & 0xf0) === 0x50 && startsWith(head.subarray(1), [0x2a, 0x4d, 0x18])) return 'zstd';
  if (startsWith(head, [0x42, 0x5a, 0x68])) return 'bzip2';
  if (startsWith(head, [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00])) return 'xz';
  return 'plain';
}

/** Looks at the first bytes of `source` and gives the stream back with them. */
export async function sniff(source: AsyncIterable<Uint8Array>): Promise<SniffedStream> {
  const chunks = source[Symbol.asyncIterator]();
  let head: Uint8Array = new Uint8Array(0);
  let ended = false;
  while (!ended && head.length < HEAD_BYTES) {
    const next = await chunks.next();
    if (next.done === true) ended = true;
    else head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  async function* whole(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      if (head.length > 0) yield head;
      while (!ended) {
        const next = await chunks.next();
        if (next.done === true) ended = true;
        else yield next.value;
      }
    } finally {
      if (!ended) await chunks.return?.();
    }
  }
  return { compression: compressionOf(head), stream: whole() };
}

/**
 * Decompresses gzip and zstd (several members or frames in a row too), bzip2 and xz by `decompressor`, and passes anything else on.
 *
 * Throws NOT_SUPPORTED for bzip2 and xz without a decompressor, ARCHIVE_INVALID when the compressed data are broken or cut, when more than `limitBytes` come out, or, where they
 * are to be the `whole`, when others come after them (of zstd, those that were not read with its end); errors of `source` pass unchanged. Leaving the loop early closes `source`.
 */
export async function* decompress(
  source: AsyncIterable<Uint8Array>,
  options: { readonly limitBytes?: number; readonly decompressor?: Decompressor; readonly whole?: boolean } = {},
): AsyncGenerator<Uint8Array, void, undefined> {
  let isRead = false;
  async function* noted(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* source;
    isRead = true;
  }
  const { compression, stream } = await sniff(noted());
  const limit = options.limitBytes ?? Number.POSITIVE_INFINITY;
  let bytes = 0;
  for await (const chunk of unpacked(stream, compression, options.decompressor)) {
    bytes += chunk.byteLength;
    if (bytes > limit) {
      throw new ShiplogError('ARCHIVE_INVALID', `the content is larger than the ${limit} bytes allowed`, { limit });
    }
    yield chunk;
  }
  if (options.whole === true && !isRead)
    throw new ShiplogError('ARCHIVE_INVALID', `there are data after the end of the ${compression} data`);
}

async function* unpacked(
  stream: AsyncIterable<Uint8Array>,
  compression: Compression,
  decompressor: Decompressor | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  if (compression === 'plain') yield* stream;
  else if (compression === 'gzip' || compression === 'zstd') yield* inflate(stream, compression);
  else if (decompressor !== undefined) yield* decompressor(compression, stream);
  // Thrown in the loop, which closes the source.
  else for await (const _ of stream) throw notSupported(compression);
}

async function* inflate(source: AsyncIterable<Uint8Array>, compression: 'gzip' | 'zstd'): AsyncGenerator<Uint8Array, void, undefined> {
  const input = Readable.from(source, { objectMode: false });
  const output = compression === 'gzip' ? createGunzip({ chunkSize: CHUNK_BYTES }) : createZstdDecompress({ chunkSize: CHUNK_BYTES });
  let sourceError: Error | undefined;
  input.on('error', (error) => {
    sourceError = error;
    output.destroy(error);
  });
  input.pipe(output);
  try {
    for await (const chunk of output) yield chunk as Buffer;
  } catch (error) {
    if (sourceError !== undefined) throw sourceError;
    throw new ShiplogError('ARCHIVE_INVALID', `the ${compression} data are broken or cut: ${messageOf(error)}`, {}, { cause: error });
  } finally {
    input.destroy();
    output.destroy();
  }
}

function startsWith(bytes: Uint8Array, magic: readonly number[]): boolean {
  return bytes.length >= magic.length && magic.every((byte, at) => bytes[at] === byte);
}

function notSupported(name: string): ShiplogError {
  return new ShiplogError('NOT_SUPPORTED', `${name} is not supported here; decompress it first, or use gzip or zstd`, {
    compression: name,
  });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
