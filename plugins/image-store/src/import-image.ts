import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { IngestedImage } from '@shiplog/contracts';
import {
  applyChanges,
  decompress,
  type Decompressor,
  digestStream,
  imageManifest,
  MEDIA_TYPES,
  parseImageConfig,
  readLayer,
  sha256Of,
} from '@shiplog/oci';
import type { NewBlob } from './blobs.ts';
import { rfc3339 } from './rfc3339.ts';
import { copyTo } from './spool.ts';

export interface ImportOptions {
  readonly message: string;
  readonly changes: readonly string[];
  /** Nanoseconds since the epoch, decimal. */
  readonly at: string;
  readonly architecture: string;
}

/** An imported image and the files that must become blobs for it. */
export interface ImportedImage extends IngestedImage {
  readonly blobs: readonly NewBlob[];
}

/**
 * Makes a one-layer image in `directory` from a root file system as a tar, plain or compressed; the layer is kept plain. The tar
 * must be whole, with its end marker, because no digest tells whether it is. The same tar, options and time give the same image.
 *
 * Throws ARCHIVE_INVALID or ARCHIVE_ESCAPES for the tar, REQUEST_INVALID for the changes.
 */
export async function importImage(
  directory: string,
  rootfs: AsyncIterable<Uint8Array>,
  options: ImportOptions,
  unpacking: { readonly limitBytes: number; readonly decompressor: Decompressor },
): Promise<ImportedImage> {
  const config = applyChanges({}, options.changes);
  const layerFile = join(directory, 'layer');
  const layer = digestStream(decompress(rootfs, unpacking));
  for await (const entry of readLayer(copyTo(layerFile, layer), { end: 'marker' })) void entry;
  const diffId = layer.digest();
  const created = rfc3339(BigInt(options.at));
  const bytes = Buffer.from(
    JSON.stringify({
      architecture: options.architecture,
      os: 'linux',
      created,
      comment: options.message,
      config,
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, comment: options.message }],
    }),
  );
  const id = sha256Of(bytes);
  const configFile = join(directory, 'config');
  await writeFile(configFile, bytes, { flag: 'wx', mode: 0o600 });
  const blob = { digest: diffId, mediaType: MEDIA_TYPES.ociLayer, size: layer.bytes, uncompressedSize: layer.bytes };
  return {
    manifest: imageManifest(id, parseImageConfig(bytes), [blob]),
    tags: [],
    blobs: [
      { digest: diffId, file: layerFile },
      { digest: id, file: configFile },
    ],
  };
}
