import { type Digest, type IngestedImage, ShiplogError } from '@shiplog/contracts';
import { CONFIG_LIMIT_BYTES, familiar, imageManifest, MEDIA_TYPES, parseImageConfig, parseReference } from '@shiplog/oci';
import type { Spool, SpooledFile } from './spool.ts';

/** An image of an archive: what it is, and the files that must become blobs for it. */
export interface ArchiveImage extends IngestedImage {
  readonly files: readonly SpooledFile[];
}

/** A layer of an archive. `mediaType` is what the archive says, if it does. */
export interface ArchiveLayer {
  readonly file: SpooledFile;
  readonly mediaType?: string;
}

/**
 * Puts an image together. Throws DIGEST_MISMATCH when a layer's decompressed content is not what the config says, and
 * ARCHIVE_INVALID when the config cannot be used.
 */
export async function archiveImage(
  spool: Spool,
  configFile: SpooledFile,
  layers: readonly ArchiveLayer[],
  tags: readonly string[],
): Promise<ArchiveImage> {
  const config = parseImageConfig(await spool.read(configFile, CONFIG_LIMIT_BYTES));
  const manifest = imageManifest(
    configFile.digest,
    config,
    layers.map(({ file, mediaType }) => ({
      digest: file.digest,
      mediaType: mediaType ?? mediaTypeOf(file),
      size: file.size,
      uncompressedSize: file.contentSize,
    })),
  );
  for (const [at, { file }] of layers.entries()) checkDigest(file.name, config.diffIds[at]!, file.contentDigest);
  return { manifest, tags, files: [configFile, ...layers.map(({ file }) => file)] };
}

/** Throws DIGEST_MISMATCH unless both are the same. */
export function checkDigest(name: string, expected: Digest, found: Digest): void {
  if (expected === found) return;
  throw new ShiplogError('DIGEST_MISMATCH', `${name} does not have the digest it was announced with`, { name, expected, found });
}

/** A tag of an archive in its familiar form; undefined for a name by digest, which tags nothing. Throws ARCHIVE_INVALID. */
export function archiveTag(text: string): string | undefined {
  try {
    const reference = parseReference(text);
    return reference.digest === undefined ? familiar(reference) : undefined;
  } catch (error) {
    throw new ShiplogError(
      'ARCHIVE_INVALID',
      `the archive tags an image ${JSON.stringify(text.slice(0, 200))}: ${messageOf(error)}`,
      {},
      {
        cause: error,
      },
    );
  }
}

function mediaTypeOf(file: SpooledFile): string {
  if (file.compression === 'gzip') return MEDIA_TYPES.ociLayerGzip;
  return file.compression === 'zstd' ? MEDIA_TYPES.ociLayerZstd : MEDIA_TYPES.ociLayer;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
