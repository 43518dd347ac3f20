import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BlobDescriptor, type Digest, type Progress, ShiplogError } from '@shiplog/contracts';
import {
  CONFIG_LIMIT_BYTES,
  isDigest,
  MANIFEST_LIMIT_BYTES,
  mediaKind,
  parseIndex,
  parseManifest,
  hostPlatform,
  type Platform,
  selectPlatform,
} from '@shiplog/oci';
import { type ArchiveImage, archiveImage, checkDigest } from './archive-image.ts';
import type { Spool, SpooledFile } from './spool.ts';

/** Writes a blob into a file. */
export type Fetch = (blob: BlobDescriptor, path: string) => Promise<void>;

/** Indexes within indexes. */
const NEST_LIMIT = 4;
/** Blobs that are fetched side by side. */
const AT_ONCE = 3;
const LAYER_LIMIT = 1_000;

/** Fetches an image blob by blob into a spool's directory, and checks each against what announced it. */
export class ImagePull {
  readonly #spool: Spool;
  readonly #directory: string;
  readonly #fetch: Fetch;
  readonly #stored: (digest: Digest) => Promise<string | undefined>;
  readonly #tell: (progress: Progress) => void;

  /** `stored` answers where a blob is that is here already. */
  constructor(
    spool: Spool,
    directory: string,
    fetch: Fetch,
    stored: (digest: Digest) => Promise<string | undefined>,
    tell: (progress: Progress) => void,
  ) {
    this.#spool = spool;
    this.#directory = directory;
    this.#fetch = fetch;
    this.#stored = stored;
    this.#tell = tell;
  }

  /**
   * The image for the platform that was asked for, which it must be then, or for this host's. Throws ARCHIVE_INVALID, DIGEST_MISMATCH, or what
   * fetching throws.
   */
  async image(root: BlobDescriptor, asked?: Platform): Promise<ArchiveImage> {
    const descriptor = await this.#manifestOf(root, asked ?? hostPlatform());
    const { config, layers } = parseManifest(await this.#document(descriptor));
    if (layers.length > LAYER_LIMIT) throw invalid(`has more than ${LAYER_LIMIT} layers`);
    if (config.size > CONFIG_LIMIT_BYTES) throw invalid(`has a config of ${config.size} bytes`);
    const wanted = new Map([config, ...layers].map((blob) => [blob.digest, blob]));
    const waiting = [...wanted.values()];
    if ((await this.#stored(config.digest)) === undefined) await this.#announce(layers);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#blob(next);
    };
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const files = layers.map((layer) => ({ file: this.#spool.file(layer.digest), mediaType: layer.mediaType }));
    const image = await archiveImage(this.#spool, this.#spool.file(config.digest), files, []);
    const { os, architecture } = image.manifest;
    if (asked !== undefined && (os !== asked.os || architecture !== asked.architecture))
      throw invalid(`is for ${os}/${architecture}, not for ${asked.os}/${asked.architecture}`);
    return image;
  }

  /** In Docker's words, so that its clients draw a line a layer, in the image's order. Of an image that is here it says nothing. */
  async #announce(layers: readonly BlobDescriptor[]): Promise<void> {
    for (const digest of new Set(layers.map((layer) => layer.digest)))
      this.#tell({ id: shortened(digest), status: (await this.#stored(digest)) === undefined ? 'Pulling fs layer' : 'Already exists' });
  }

  async #manifestOf(root: BlobDescriptor, platform: Platform): Promise<BlobDescriptor> {
    let descriptor = root;
    for (let depth = 0; mediaKind(descriptor.mediaType) === 'index'; depth += 1) {
      if (depth === NEST_LIMIT) throw invalid('nests indexes too deep');
      const { manifests } = parseIndex(await this.#document(descriptor));
      const [chosen] = selectPlatform(manifests, platform);
      if (chosen === undefined) {
        const others = manifests.flatMap(({ platform: other }) => (other === undefined ? [] : [`${other.os}/${other.architecture}`]));
        throw invalid(`has no image for ${platform.os}/${platform.architecture}, but for: ${others.join(', ') || 'none'}`);
      }
      descriptor = chosen;
    }
    if (mediaKind(descriptor.mediaType) !== 'manifest') throw invalid(`is of a type that is no image: ${descriptor.mediaType}`);
    return descriptor;
  }

  async #document(descriptor: BlobDescriptor): Promise<Uint8Array> {
    if (descriptor.size > MANIFEST_LIMIT_BYTES) throw invalid(`has a manifest of ${descriptor.size} bytes`);
    return this.#spool.read(await this.#blob(descriptor), MANIFEST_LIMIT_BYTES);
  }

  async #blob(blob: BlobDescriptor): Promise<SpooledFile> {
    const { digest, size } = blob;
    if (!isDigest(digest)) throw invalid(`names a blob by ${JSON.stringify(digest)}, which is no sha256 digest`);
    // What is stored is left where it is: examined there, it is found to be there when it is added.
    const stored = await this.#stored(digest);
    const path = stored ?? (await this.#fetched(blob));
    const isNewLayer = stored === undefined && mediaKind(blob.mediaType) === 'layer';
    if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Verifying Checksum' });
    const file = await this.#spool.adopt(digest, path);
    checkDigest(`blob ${digest}`, digest, file.digest);
    if (file.size !== size)
      throw new ShiplogError('DIGEST_MISMATCH', `blob ${digest} is not as long as it was announced`, { expected: size, found: file.size });
    if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Download complete' });
    return file;
  }

  async #fetched(blob: BlobDescriptor): Promise<string> {
    const path = join(this.#directory, blob.digest.slice('sha256:'.length));
    await this.#fetch(blob, path);
    const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new ShiplogError('DRIVER_FAILED', `the image source did not write blob ${blob.digest}`, { path });
      throw error;
    });
    // A link would be followed to wherever the source likes.
    if (!stats.isFile()) throw new ShiplogError('DRIVER_FAILED', `the image source wrote no file for blob ${blob.digest}`, { path });
    return path;
  }
}

/** As people see it. */
function shortened(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function invalid(how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the image ${how}`);
}
