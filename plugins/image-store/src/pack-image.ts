import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { BlobFile, Digest, ImageManifest, LayerRecord, PackedImage } from '@shiplog/contracts';
import { digestStream, MEDIA_TYPES, ociMediaType, sha256Of } from '@shiplog/oci';
import { abortable } from './abortable.ts';
import { ociManifest } from './oci-manifest.ts';
import { copyTo } from './spool.ts';

/** See ImageStore.pack. New files go into `directory`. */
export async function packImage(
  directory: string,
  { id, layers }: ImageManifest,
  pathOf: (digest: Digest) => Promise<string>,
  signal: AbortSignal,
): Promise<PackedImage> {
  const configPath = await pathOf(id);
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: id, size: (await stat(configPath)).size, path: configPath };
  const packed: BlobFile[] = [];
  for (const layer of layers) packed.push(await packLayer(join(directory, `layer-${packed.length}`), layer, pathOf, signal));
  const bytes = ociManifest(config, packed);
  const path = join(directory, 'manifest');
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
  return { manifest: { mediaType: MEDIA_TYPES.ociManifest, digest: sha256Of(bytes), size: bytes.length, path }, config, layers: packed };
}

/** A layer as it is where it is compressed. Node's gzip writes no time and no name: the same layer gives the same bytes. */
async function packLayer(
  path: string,
  { digest, mediaType, size }: LayerRecord,
  pathOf: (digest: Digest) => Promise<string>,
  signal: AbortSignal,
): Promise<BlobFile> {
  const source = await pathOf(digest);
  if (ociMediaType(mediaType) !== MEDIA_TYPES.ociLayer) return { mediaType: ociMediaType(mediaType), digest, size, path: source };
  const plain = digestStream(abortable(createReadStream(source), signal), { expected: digest, size });
  const gzip = createGzip();
  const compressed = digestStream(gzip);
  await pipeline(Readable.from(plain, { objectMode: false }), gzip, async () => {
    for await (const chunk of copyTo(path, compressed)) void chunk;
  });
  return { mediaType: MEDIA_TYPES.ociLayerGzip, digest: compressed.digest(), size: compressed.bytes, path };
}
