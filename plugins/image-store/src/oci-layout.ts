import { ShiplogError } from '@shiplog/contracts';
import {
  type Descriptor,
  jsonDocument,
  MANIFEST_LIMIT_BYTES,
  mediaKind,
  parseIndex,
  parseManifest,
  type Platform,
  selectPlatform,
} from '@shiplog/oci';
import { type ArchiveImage, archiveImage, archiveTag, checkDigest } from './archive-image.ts';
import type { Spool, SpooledFile } from './spool.ts';

const NEST_LIMIT = 4;
const LAYOUT_LIMIT_BYTES = 4096;

/**
 * Reads the images of an OCI image layout (image-spec, image-layout.md). Of an image for several platforms the one for `wanted`
 * is taken; an archive that has only another platform's image is taken as it is.
 *
 * Tags come from the annotations `io.containerd.image.name`, or `org.opencontainers.image.ref.name` where that is a whole
 * reference and not a tag alone. Throws ARCHIVE_INVALID or DIGEST_MISMATCH.
 */
export async function ociLayout(spool: Spool, wanted: Platform): Promise<readonly ArchiveImage[]> {
  const layout = jsonDocument(await spool.read(spool.file('oci-layout'), LAYOUT_LIMIT_BYTES), 'oci-layout', LAYOUT_LIMIT_BYTES);
  const version = layout['imageLayoutVersion'];
  if (typeof version !== 'string' || !version.startsWith('1.')) throw invalid(`has an OCI layout of version ${String(version)}, not 1`);
  const index = parseIndex(await spool.read(spool.file('index.json'), MANIFEST_LIMIT_BYTES));
  const images: ArchiveImage[] = [];
  for (const entry of runnable(index.manifests, wanted)) {
    const descriptor = await resolveIndex(spool, entry, wanted);
    images.push(await imageOf(spool, descriptor, tagsOf(entry)));
  }
  if (images.length === 0) throw invalid('holds no container image');
  return images;
}

/** Entries for the wanted platform; if there are none, all that are images. */
function runnable(entries: readonly Descriptor[], wanted: Platform): readonly Descriptor[] {
  const fitting = new Set(selectPlatform(entries, wanted));
  if (fitting.size > 0) return entries.filter((entry) => fitting.has(entry));
  return entries.filter((entry) => mediaKind(entry.mediaType) !== undefined && entry.platform?.architecture !== 'unknown');
}

async function resolveIndex(spool: Spool, entry: Descriptor, wanted: Platform): Promise<Descriptor> {
  let descriptor = entry;
  for (let depth = 0; mediaKind(descriptor.mediaType) === 'index'; depth++) {
    if (depth === NEST_LIMIT) throw invalid('nests indexes too deep');
    const { manifests } = parseIndex(await spool.read(blob(spool, descriptor), MANIFEST_LIMIT_BYTES));
    const candidates = runnable(manifests, wanted);
    // An archive may name platforms whose blobs it leaves out.
    const fitting = selectPlatform(manifests, wanted);
    const chosen =
      fitting.find((candidate) => spool.has(blobName(candidate))) ?? fitting[0] ?? (candidates.length === 1 ? candidates[0] : undefined);
    if (chosen === undefined) {
      const platforms = candidates.map(({ platform }) => `${platform?.os}/${platform?.architecture}`).join(', ');
      throw invalid(`has no image for ${wanted.os}/${wanted.architecture}, but for: ${platforms === '' ? 'none' : platforms}`);
    }
    descriptor = chosen;
  }
  return descriptor;
}

async function imageOf(spool: Spool, descriptor: Descriptor, tags: readonly string[]): Promise<ArchiveImage> {
  const manifest = parseManifest(await spool.read(blob(spool, descriptor), MANIFEST_LIMIT_BYTES));
  const layers = manifest.layers.map((layer) => ({ file: blob(spool, layer), mediaType: layer.mediaType }));
  return archiveImage(spool, blob(spool, manifest.config), layers, tags);
}

/** The file a descriptor announces, its digest and size checked. */
function blob(spool: Spool, descriptor: Descriptor): SpooledFile {
  const file = spool.file(blobName(descriptor));
  checkDigest(file.name, descriptor.digest, file.digest);
  if (file.size !== descriptor.size) {
    throw new ShiplogError('DIGEST_MISMATCH', `${file.name} is not as long as it was announced`, {
      name: file.name,
      expected: descriptor.size,
      found: file.size,
    });
  }
  return file;
}

function blobName(descriptor: Descriptor): string {
  return `blobs/sha256/${descriptor.digest.slice('sha256:'.length)}`;
}

function tagsOf(entry: Descriptor): readonly string[] {
  const name = entry.annotations['io.containerd.image.name'];
  const ref = entry.annotations['org.opencontainers.image.ref.name'];
  const whole = name ?? (ref !== undefined && /[/:]/.test(ref) ? ref : undefined);
  const tag = whole === undefined ? undefined : archiveTag(whole);
  return tag === undefined ? [] : [tag];
}

function invalid(how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the archive ${how}`);
}
