import { lstat, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobDescriptor,
  type Digest,
  type ImageManifest,
  type LayerRecord,
  type OperationContext,
  type Progress,
  type PullOptions,
  ShiplogError,
} from '@shiplog/contracts';
import {
  CONFIG_LIMIT_BYTES,
  imageManifest,
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
import { checkDigest } from './archive-image.ts';
import { Arrivals } from './arrivals.ts';
import type { Blobs, NewBlob } from './blobs.ts';
import type { Downloads } from './downloads.ts';
import { syncFile } from './durable.ts';
import { contentOf, digestOf, type FetchedBlob } from './fetched-blob.ts';

/** Writes a blob into a file. */
export type Fetch = (blob: BlobDescriptor, path: string, signal: AbortSignal) => Promise<void>;

/** Indexes within indexes. */
const NEST_LIMIT = 4;
/** Blobs that are fetched side by side. */
const AT_ONCE = 3;
const LAYER_LIMIT = 1_000;

/** What a pull works with. */
export interface PullTools extends Pick<PullOptions, 'known' | 'unpack'> {
  /** Its own: blobs go there under their digests. */
  readonly directory: string;
  /** Bytes of a layer, decompressed. */
  readonly limitBytes: number;
  readonly fetch: Fetch;
  readonly blobs: Blobs;
  readonly downloads: Downloads;
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
    const check = ({ os, architecture }: ImageManifest): void => {
      if (asked !== undefined && (os !== asked.os || architecture !== asked.architecture))
        throw invalid(`is for ${os}/${architecture}, not for ${asked.os}/${asked.architecture}`);
    };
    const { manifest, files } = (await this.#known(config, layers)) ?? (await this.#fetched(config, layers, check));
    check(manifest);
    return { manifest, files, bytes };
  }

  /** What it is for: see ImageStore.platforms. Throws what {@link image} does. */
  async platforms(root: BlobDescriptor): Promise<readonly Platform[]> {
    const bytes = await this.#document(root);
    if (mediaKind(root.mediaType) === 'index') return parseIndex(bytes).manifests.flatMap(({ platform }) => platform ?? []);
    const { config } = parseManifest(bytes);
    checkConfig(config);
    const { os, architecture, variant } = parseImageConfig(await readFile((await this.#blob(config, this.#tools.ctx.signal)).file));
    return [{ os, architecture, ...(variant === undefined ? {} : { variant }) }];
  }

  /** An image that is here with these very layers: there is nothing to fetch. */
  async #known(config: BlobDescriptor, layers: readonly BlobDescriptor[]): Promise<Omit<PulledImage, 'bytes'> | undefined> {
    const manifest = this.#tools.known?.(config.digest);
    const isSame = manifest?.layers.length === layers.length && layers.every(({ digest }, at) => manifest.layers[at]?.digest === digest);
    if (manifest === undefined || !isSame) return undefined;
    const files = [...new Set([config, ...layers].map(({ digest }) => digest))].map((digest) => ({ digest, file: this.#pathOf(digest) }));
    // Somebody may be removing it.
    for (const { digest, file } of files) if (!(await this.#tools.blobs.link(digest, file))) return undefined;
    return { manifest, files };
  }

  /** Layers are unpacked from below while others are fetched. The first failure ends it all. */
  async #fetched(
    config: BlobDescriptor,
    layers: readonly BlobDescriptor[],
    check: (manifest: ImageManifest) => void,
  ): Promise<Omit<PulledImage, 'bytes'>> {
    const failed = new AbortController();
    const signal = AbortSignal.any([this.#tools.ctx.signal, failed.signal]);
    if (!(await this.#tools.blobs.has(config.digest))) await this.#announce(layers);
    const waiting = [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()];
    const arrivals = new Arrivals(waiting.map(({ digest }) => digest));
    const bring = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) arrivals.arrived(await this.#blob(next, signal));
    };
    const make = async (): Promise<ImageManifest> => {
      const configured = parseImageConfig(await readFile((await arrivals.of(config.digest)).file));
      const manifest = imageManifest(
        config.digest,
        configured,
        layers.map((layer) => ({ ...layer, uncompressedSize: 0 })),
      );
      check(manifest);
      let size = 0;
      for (const [at, layer] of manifest.layers.entries())
        size += await this.#unpack(layer, manifest, manifest.layers[at - 1]?.chainId, (await arrivals.of(layer.digest)).file, signal);
      return { ...manifest, size };
    };
    const stopping = async <T>(work: Promise<T>): Promise<T> => {
      try {
        return await work;
      } catch (thrown) {
        const { aborted, reason } = this.#tools.ctx.signal;
        const error =
          aborted && !(thrown instanceof ShiplogError)
            ? new ShiplogError('CANCELED', 'the pull was canceled', {}, { cause: reason })
            : thrown;
        failed.abort(error);
        arrivals.fail(error);
        throw error;
      }
    };
    const making = stopping(make());
    await Promise.allSettled([making, ...Array.from({ length: AT_ONCE }, () => stopping(bring()))]);
    // The first of all reasons: what came after it came of it.
    failed.signal.throwIfAborted();
    return { manifest: await making, files: await arrivals.all() };
  }

  /** Answers bytes of the layer's uncompressed tar, which has the diff id that the config says. */
  async #unpack(layer: LayerRecord, { id }: ImageManifest, parent: Digest | undefined, path: string, signal: AbortSignal): Promise<number> {
    const { unpack, limitBytes } = this.#tools;
    signal.throwIfAborted();
    const seen = await unpack?.({ ...layer, image: id, path, ...(parent === undefined ? {} : { parent }) }, signal);
    if (seen !== undefined) return seen;
    const { digest, size } = await contentOf(path, limitBytes, signal);
    checkDigest(layer.digest, layer.diffId, digest);
    return size;
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
    return readFile((await this.#blob(descriptor, this.#tools.ctx.signal)).file);
  }

  /** Fetches a blob, or has it fetched, and makes sure that it is what was announced, and durable. */
  async #blob(blob: BlobDescriptor, signal: AbortSignal): Promise<FetchedBlob> {
    const { digest } = blob;
    if (!isDigest(digest)) throw invalid(`names a blob by ${JSON.stringify(digest)}, which is no sha256 digest`);
    const file = this.#pathOf(digest);
    const { blobs, downloads, limitBytes } = this.#tools;
    if (blob.size > limitBytes) throw invalid(`has a blob of ${blob.size} bytes`);
    const bring = async (): Promise<FetchedBlob> => {
      const isStored = await blobs.link(digest, file);
      const isNewLayer = !isStored && mediaKind(blob.mediaType) === 'layer';
      if (!isStored) await this.#download(blob, file, signal);
      if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Verifying Checksum' });
      const found = await digestOf(file, signal);
      checkDigest(`blob ${digest}`, digest, found.digest);
      checkSize(blob, found.size);
      if (!isStored) await syncFile(file);
      if (isNewLayer) this.#tell({ id: shortened(digest), status: 'Download complete' });
      return { file, ...found };
    };
    const brought = await downloads.bring(digest, file, bring, signal);
    checkSize(blob, brought.size);
    return brought;
  }

  async #download(blob: BlobDescriptor, path: string, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    await this.#tools.fetch(blob, path, signal);
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
