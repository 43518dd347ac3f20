import { type FileHandle, open } from 'node:fs/promises';
import { type Digest, type IngestedImage, ShiplogError } from '@shiplog/contracts';
import {
  canonical,
  CONFIG_LIMIT_BYTES,
  digestStream,
  familiar,
  MEDIA_TYPES,
  parseReference,
  PLAIN_ENTRY,
  sha256Of,
  tarFile,
  type TarEntryInput,
  writeTar,
} from '@shiplog/oci';
import { layerDescriptor, ociManifest } from './oci-manifest.ts';

/** What one blob is read with at a time. */
const CHUNK_BYTES = 256 * 1024;

/** A blob that stays readable while it is open, whoever removes it. */
interface OpenBlob {
  readonly handle: FileHandle;
  /** Bytes. */
  readonly size: number;
}

/**
 * One tar with these images: an OCI image layout (image-spec, image-layout.md) and, at once, what `docker save` writes (`manifest.json`,
 * `repositories`). `pathOf` says where a blob is, or throws BLOB_NOT_FOUND. The same images give the same bytes.
 *
 * All blobs are open before the first byte comes. They are checked while they are read: fails DIGEST_MISMATCH where one is not what it was,
 * and what came until then is no whole tar.
 */
export async function* saveImages(
  images: readonly IngestedImage[],
  pathOf: (digest: Digest) => Promise<string>,
): AsyncGenerator<Uint8Array, void, undefined> {
  const blobs = new Map<Digest, OpenBlob>();
  try {
    for (const { manifest } of images) {
      for (const digest of [manifest.id, ...manifest.layers.map((layer) => layer.digest)]) {
        if (blobs.has(digest)) continue;
        const handle = await open(await pathOf(digest));
        // Known before anything else can fail, so that it is closed.
        blobs.set(digest, { handle, size: 0 });
        blobs.set(digest, { handle, size: (await handle.stat()).size });
      }
    }
    yield* writeTar(entries(images, blobs));
  } finally {
    await Promise.all([...blobs.values()].map(({ handle }) => handle.close()));
  }
}

/** Documents first, so that who reads a stream knows early what is to come. */
function* entries(images: readonly IngestedImage[], blobs: ReadonlyMap<Digest, OpenBlob>): Generator<TarEntryInput> {
  const configs = new Set<Digest>(images.map(({ manifest }) => manifest.id));
  const manifests = images.map((image) => ({
    image,
    bytes: ociManifest({ digest: image.manifest.id, size: blobs.get(image.manifest.id)!.size }, image.manifest.layers),
  }));
  yield tarFile('oci-layout', document({ imageLayoutVersion: '1.0.0' }));
  const descriptors = manifests.flatMap(({ image, bytes }) => ociDescriptors(image, bytes));
  yield tarFile('index.json', document({ schemaVersion: 2, mediaType: MEDIA_TYPES.ociIndex, manifests: descriptors }));
  yield tarFile('manifest.json', document(images.map(dockerManifest)));
  const named = repositories(images);
  if (Object.keys(named).length > 0) yield tarFile('repositories', document(named));
  for (const directory of ['blobs/', 'blobs/sha256/']) yield { ...PLAIN_ENTRY, type: 'directory', mode: 0o755, name: directory };
  for (const { bytes } of manifests) yield tarFile(blobName(sha256Of(bytes)), bytes);
  const ordered = [...configs, ...[...blobs.keys()].filter((digest) => !configs.has(digest))];
  for (const digest of ordered) yield blobEntry(digest, blobs.get(digest)!, configs.has(digest));
}

function blobEntry(digest: Digest, { handle, size }: OpenBlob, isConfig: boolean): TarEntryInput {
  if (isConfig && size > CONFIG_LIMIT_BYTES) throw new ShiplogError('DIGEST_MISMATCH', `blob ${digest} is longer than it was`, { digest });
  return { ...PLAIN_ENTRY, name: blobName(digest), size, content: checked(digest, handle, size) };
}

/** A damaged blob is told by its name: nobody announced anything here. */
async function* checked(digest: Digest, handle: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    yield* digestStream(handle.createReadStream({ start: 0, autoClose: false, highWaterMark: CHUNK_BYTES }), { expected: digest, size });
  } catch (error) {
    if (!(error instanceof ShiplogError && error.code === 'DIGEST_MISMATCH')) throw error;
    throw new ShiplogError('DIGEST_MISMATCH', `blob ${digest} in the image store is damaged: load or pull the image again`, error.facts, {
      cause: error,
    });
  }
}

/** One a tag, as Docker does; one without a name for an image that has none. */
function ociDescriptors({ tags }: IngestedImage, bytes: Uint8Array): readonly object[] {
  const common = { mediaType: MEDIA_TYPES.ociManifest, digest: sha256Of(bytes), size: bytes.length };
  if (tags.length === 0) return [common];
  return tags.map((text) => {
    const reference = parseReference(text);
    const annotations = {
      'io.containerd.image.name': canonical(reference),
      'org.opencontainers.image.ref.name': reference.tag ?? 'latest',
    };
    return { ...common, annotations };
  });
}

function dockerManifest({ manifest: { id, layers }, tags }: IngestedImage): object {
  return {
    Config: blobName(id),
    RepoTags: tags.length === 0 ? null : tags.map((tag) => familiar(parseReference(tag))),
    Layers: layers.map(({ digest }) => blobName(digest)),
    LayerSources: Object.fromEntries(layers.map((layer) => [layer.diffId, layerDescriptor(layer)])),
  };
}

/** Name → tag → uppermost layer, as before Docker 1.10. */
function repositories(images: readonly IngestedImage[]): { readonly [name: string]: { readonly [tag: string]: string } } {
  const named: { [name: string]: { [tag: string]: string } } = {};
  for (const { manifest, tags } of images) {
    const top = manifest.layers.at(-1)?.digest;
    if (top === undefined) continue;
    for (const text of tags) {
      const { name, tag = 'latest' } = parseReference(text);
      named[name] = { ...named[name], [tag]: hex(top) };
    }
  }
  return named;
}

function document(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

function blobName(digest: Digest): string {
  return `blobs/sha256/${hex(digest)}`;
}

function hex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
