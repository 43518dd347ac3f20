import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobDescriptor,
  type Digest,
  type ImageManifest,
  type KnownImage,
  type OperationContext,
  type Progress,
  ShiplogError,
} from '@shiplog/contracts';
import {
  CONFIG_LIMIT_BYTES,
  isDigest,
  MANIFEST_LIMIT_BYTES,
  mediaKind,
  parseImageConfig,
  parseIndex,
  parseManifest,
  hostPlatform,
  type Platform,
  selectPlatform,
} from '@shiplog/oci';
import { archiveImage, checkDigest } from './archive-image.ts';
import type { Blobs, NewBlob } from './blobs.ts';
import type { Downloads } from './downloads.ts';
import type { Spool, SpooledFile } from './spool.ts';

/** Writes a blob into a file. */
export type Fetch = (blob: BlobDescriptor, path: string) => Promise<void>;

/** Indexes within indexes. */
const NEST_LIMIT = 4;
/** Blobs that are fetched side by side. */
const AT_ONCE = 3;
const LAYER_LIMIT = 1_000;

/** What a pull works with. */
export interface PullTools {
  readonly spool: Spool;
  /** Its own: blobs go there under their digests. */
  readonly directory: string;
  readonly fetch: Fetch;
  readonly blobs: Blobs;
  readonly downloads: Downloads;
  readonly known: KnownImage;
  readonly ctx: OperationContext;
}

/** An image, the files that must become blobs for it, and its manifest to the byte. */
export interface PulledImage {
  readonly manifest: ImageManifest;
  readonly files: readonly NewBlob[];
  readonly bytes: Uint8Array;
}

/** Fetches an image blob by blob into a directory, and checks each against what announced it. */
export class ImagePull {
  readonly #tools: PullTools;

  constructor(tools: PullTools) {
    this.#tools = tools;
  }

  /**
   * The image for the platform that was asked for, which it must be then, or for this host's. Throws ARCHIVE_INVALID, DIGEST_MISMATCH, or what
   * fetching throws.
   */
  async image(root: BlobDescriptor, asked?: Platform): Promise<PulledImage> {
    const descriptor = await this.#manifestOf(root, asked ?? hostPlatform());
    const bytes = await this.#document(descriptor);
    const { config, layers } = parseManifest(bytes);
    if (layers.length > LAYER_LIMIT) throw invalid(`has more than ${LAYER_LIMIT} layers`);
    checkConfig(config);
    const { manifest, files } = (await this.#known(config, layers)) ?? (await this.#fetched(config, layers));
    if (asked !== undefined && (manifest.os !== asked.os || manifest.architecture !== asked.architecture))
      throw invalid(`is for ${manifest.os}/${manifest.architecture}, not for ${asked.os}/${asked.architecture}`);
    return { manifest, files, bytes };
  }

  /** What it is for: see ImageStore.platforms. Throws what {@link image} does. */
  async platforms(root: BlobDescriptor): Promise<readonly Platform[]> {
    const bytes = await this.#document(root);
    if (mediaKind(root.mediaType) === 'index') return parseIndex(bytes).manifests.flatMap(({ platform }) => platform ?? []);
    const { config } = parseManifest(bytes);
    checkConfig(config);
    const { os, architecture, variant } = parseImageConfig(await this.#tools.spool.read(await this.#blob(config), CONFIG_LIMIT_BYTES));
    return [{ os, architecture, ...(variant === undefined ? {} : { variant }) }];
  }

  /** An image that is here with these very layers: there is nothing to fetch. */
  async #known(config: BlobDescriptor, layers: readonly BlobDescriptor[]): Promise<Omit<PulledImage, 'bytes'> | undefined> {
    const manifest = this.#tools.known(config.digest);
    const isSame = manifest?.layers.length === layers.length && layers.every(({ digest }, at) => manifest.layers[at]?.digest === digest);
    if (manifest === undefined || !isSame) return undefined;
    const files = [...new Set([config, ...layers].map(({ digest }) => digest))].map((digest) => ({ digest, file: this.#pathOf(digest) }));
    // Somebody may be removing it.
    for (const { digest, file } of files) if (!(await this.#tools.blobs.link(digest, file))) return undefined;
    return { manifest, files };
  }

  async #fetched(config: BlobDescriptor, layers: readonly BlobDescriptor[]): Promise<Omit<PulledImage, 'bytes'>> {
    const { spool, blobs } = this.#tools;
    const waiting = [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()];
    if (!(await blobs.has(config.digest))) await this.#announce(layers);
    const work = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await this.#blob(next);
    };
    const settled = await Promise.allSettled(Array.from({ length: AT_ONCE }, work));
    for (const one of settled) if (one.status === 'rejected') throw one.reason;
    const parts = layers.map((layer) => ({ file: spool.file(layer.digest), mediaType: layer.mediaType }));
    const { manifest, files } = await archiveImage(spool, spool.file(config.digest), parts, []);
    return { manifest, files };
  }

  /** In Docker's words, so that its clients draw a line a layer, in the image's order. Of an image that is here it says nothing. */
  async #announce(layers: readonly BlobDescriptor[]): Promise<void> {
    for (const digest of new Set(layers.map((layer) => layer.digest)))
      this.#tell({ id: shortened(digest), status: (await this.#tools.blobs.has(digest)) ? 'Already exists' : 'Pulling fs layer' });
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
    return this.#tools.spool.read(await this.#blob(descriptor), MANIFEST_LIMIT_BYTES);
  }

  async #blob(blob: BlobDescriptor): Promise<SpooledFile> {
    const { digest } = blob;
    if (!isDigest(digest)) throw invalid(`names a blob by ${JSON.stringify(digest)}, which is no sha256 digest`);
    const path = this.#pathOf(digest);
    const { blobs, downloads, spool, ctx } = this.#tools;
    const bring = async (): Promise<SpooledFile> => {
      const isStored = await blobs.link(digest, path);
      const isNewLayer = !isStored && mediaKind(blob.mediaType) === 'layer';
      if (!isStored) await this.#download(blob, path);
      if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Verifying Checksum' });
      const file = await spool.examine(digest, path);
      checkDigest(`blob ${digest}`, digest, file.digest);
      checkSize(blob, file.size);
      if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Download complete' });
      return file;
    };
    const file = await downloads.bring(digest, path, bring, ctx.signal);
    checkSize(blob, file.size);
    return spool.take(digest, file);
  }

  async #download(blob: BlobDescriptor, path: string): Promise<void> {
    const { ctx, fetch } = this.#tools;
    ctx.signal.throwIfAborted();
    await fetch(blob, path);
    const stats = await lstat(path).catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') throw new ShiplogError('DRIVER_FAILED', `the image source did not write blob ${blob.digest}`, { path });
      throw error;
    });
    // A link would be followed to wherever the source likes.
    if (!stats.isFile()) throw new ShiplogError('DRIVER_FAILED', `the image source wrote no file for blob ${blob.digest}`, { path });
  }

  #pathOf(digest: Digest): string {
    return join(this.#tools.directory, digest.slice('sha256:'.length));
  }

  #tell(progress: Progress): void {
    this.#tools.ctx.progress(progress);
  }
}

function checkConfig({ size }: BlobDescriptor): void {
  if (size > CONFIG_LIMIT_BYTES) throw invalid(`has a config of ${size} bytes`);
}

function checkSize({ digest, size }: BlobDescriptor, found: number): void {
  if (found !== size)
    throw new ShiplogError('DIGEST_MISMATCH', `blob ${digest} is not as long as it was announced`, { expected: size, found });
}

/** As people see it. */
function shortened(digest: string): string {
  return digest.slice('sha256:'.length, 'sha256:'.length + 12);
}

function invalid(how: string): ShiplogError {
  return new ShiplogError('ARCHIVE_INVALID', `the image ${how}`);
}
