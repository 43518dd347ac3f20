import { createReadStream } from 'node:fs';
import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import {
  type BlobDescriptor,
  type Digest,
  type ImageManifest,
  type LayerRecord,
  type PackedImage,
  type PackedLayer,
  ShiplogError,
} from '@shiplog/contracts';
import { digestStream, MEDIA_TYPES, ociMediaType, sha256Of } from '@shiplog/oci';
import { abortable } from './abortable.ts';
import type { Blobs } from './blobs.ts';
import type { Manifests } from './manifests.ts';
import { ociManifest } from './oci-manifest.ts';
import { copyTo } from './spool.ts';

/** What is packed with. */
export interface PackTools {
  /** Where all files go. */
  readonly directory: string;
  readonly blobs: Blobs;
  readonly manifests: Manifests;
  readonly isThere: (layer: PackedLayer) => Promise<boolean>;
  readonly signal: AbortSignal;
}

/** See ImageStore.pack. */
export async function packImage({ id, layers }: ImageManifest, tools: PackTools): Promise<PackedImage> {
  const { directory, blobs, manifests } = tools;
  const configPath = await linkOf(id, tools);
  const config = { mediaType: MEDIA_TYPES.ociConfig, digest: id, size: (await stat(configPath)).size, path: configPath };
  const known = await manifests.find(id);
  const before = known?.layers.length === layers.length ? known : undefined;
  // All of them at once, so that whatever is removed from now on is here.
  const paths = await Promise.all(layers.map(({ digest }) => linkOf(digest, tools)));
  const packed: PackedLayer[] = [];
  for (const [at, layer] of layers.entries())
    packed.push(await packLayer(layer, paths[at]!, before?.layers[at], join(directory, `layer-${at}`), tools));
  const isSame = before !== undefined && packed.every(({ digest }, at) => digest === before.layers[at]?.digest);
  const bytes = isSame ? before.bytes : ociManifest(config, packed);
  if (!isSame) {
    await manifests.keep(id, bytes);
    // It may have been removed meanwhile: whoever removes it from now on takes this away too.
    if (!(await blobs.has(id))) await manifests.remove([id]);
  }
  const mediaType = (isSame ? before.mediaType : undefined) ?? MEDIA_TYPES.ociManifest;
  const path = join(directory, 'manifest');
  await writeFile(path, bytes, { flag: 'wx', mode: 0o600 });
  return { manifest: { mediaType, digest: sha256Of(bytes), size: bytes.length, path }, config, layers: packed };
}

/** A blob, linked into the directory. Throws BLOB_NOT_FOUND. */
async function linkOf(digest: Digest, { directory, blobs }: PackTools): Promise<string> {
  const path = join(directory, digest.slice('sha256:'.length));
  if (!(await blobs.link(digest, path))) throw new ShiplogError('BLOB_NOT_FOUND', `no blob ${digest} is stored`, { digest });
  return path;
}

/**
 * A layer as it is where it is compressed, or came plain from a registry. Of another it is remembered what it was `before`; that has to be made again only where
 * it is not there. Node's gzip writes no time and no name: the same layer gives the same bytes.
 */
async function packLayer(
  { digest, diffId, mediaType, size }: LayerRecord,
  source: string,
  before: BlobDescriptor | undefined,
  path: string,
  { isThere, signal }: PackTools,
): Promise<PackedLayer> {
  const ociType = ociMediaType(mediaType);
  if (ociType !== MEDIA_TYPES.ociLayer || before?.digest === digest) return { mediaType: ociType, diffId, digest, size, path: source };
  if (before !== undefined) {
    const made = { mediaType: before.mediaType, diffId, digest: before.digest, size: before.size };
    if (await isThere(made)) return made;
  }
  const plain = digestStream(abortable(createReadStream(source), signal), { expected: digest, size });
  const gzip = createGzip();
  const compressed = digestStream(gzip);
  await pipeline(Readable.from(plain, { objectMode: false }), gzip, async () => {
    for await (const chunk of copyTo(path, compressed)) void chunk;
  });
  return { mediaType: MEDIA_TYPES.ociLayerGzip, diffId, digest: compressed.digest(), size: compressed.bytes, path };
}
