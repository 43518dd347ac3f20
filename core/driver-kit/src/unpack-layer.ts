import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { decompress, readLayer } from '@shiplog/oci';
import { throwIfAborted } from './abort.ts';
import { errnoOf } from './errno.ts';
import { applyLayer, type LayerWritten, type WhiteoutMode } from './layer-writer.ts';

export interface LayerUnpack {
  readonly kernel: Kernel;
  /** A layer's blob: a tar, plain or compressed by gzip or zstd. */
  readonly source: string;
  readonly root: string;
  readonly whiteouts: WhiteoutMode;
  /** The digest that the uncompressed tar must have. */
  readonly diffId: string;
  readonly signal?: AbortSignal;
}

export interface LayerUnpacked extends LayerWritten {
  readonly diffId: string;
  /** Bytes of the uncompressed tar. */
  readonly tarBytes: number;
}

/** Bytes that a layer may decompress to: 256 GiB. */
const TAR_LIMIT_BYTES = 256 * 1024 ** 3;

/**
 * Reads a layer's blob, writes it beneath `root` with {@link applyLayer}, and checks its diff id (OCI image-spec,
 * config.md) on the way.
 *
 * Fails DIGEST_MISMATCH, PATH_NOT_FOUND if there is no blob, ARCHIVE_INVALID where more comes after the compressed data, and as applyLayer does. `root` is then worthless.
 */
export async function unpackLayer({ source, diffId, ...write }: LayerUnpack): Promise<LayerUnpacked> {
  const hash = createHash('sha256');
  const file = await openLayer(source);
  const blob = file.createReadStream({ highWaterMark: 256 * 1024 });
  // An error before anybody reads is kept by the stream and thrown at the first read.
  blob.on('error', () => undefined);
  let tarBytes = 0;
  const tar = decompress(blob, { limitBytes: TAR_LIMIT_BYTES, whole: true })[Symbol.asyncIterator]();
  /** The tar, hashed as it passes. A reader that stops at the end mark does not end it: what follows is hashed too. */
  const hashed: AsyncIterableIterator<Uint8Array> = {
    async next() {
      throwIfAborted(write.signal);
      const step = await tar.next();
      if (step.done === true) return step;
      hash.update(step.value);
      tarBytes += step.value.byteLength;
      return step;
    },
    [Symbol.asyncIterator]: () => hashed,
  };
  try {
    const written = await applyLayer({ ...write, entries: readLayer(hashed) });
    for await (const rest of hashed) void rest;
    const found = `sha256:${hash.digest('hex')}`;
    if (found !== diffId) {
      throw new ShiplogError('DIGEST_MISMATCH', `the layer at ${source} has the diff id ${found}, not ${diffId}`, {
        expected: diffId,
        found,
        source,
      });
    }
    return { ...written, diffId: found, tarBytes };
  } finally {
    await tar.return?.(undefined);
    blob.destroy();
  }
}

async function openLayer(source: string): Promise<FileHandle> {
  try {
    return await open(source);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new ShiplogError('PATH_NOT_FOUND', `there is no layer at ${source}`, { source }, { cause: error });
  }
}
