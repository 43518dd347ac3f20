import type { BlobDescriptor, Digest, ImageManifest, ImageRunConfig, ImageText, LayerRecord } from '../image.ts';
import type { Progress } from '../progress.ts';
import type { PathChange } from './storage.ts';
import type { DriverBase, OperationContext } from './verb.ts';

/** An image, its blobs stored, and names: those that an archive gives it, or that it is to have in one. */
export interface IngestedImage {
  readonly manifest: ImageManifest;
  /** Normalised `name:tag` references. */
  readonly tags: readonly string[];
}

/** An image that is to be made of a container. */
export interface ImageCommit {
  /** What the container is made of, its secrets in place. */
  readonly base: ImageManifest;
  /** The container's root file system, as the host sees it. Whoever is in the container may change it meanwhile. */
  readonly tree: string;
  /** How it differs from the base's layers. */
  readonly changes: readonly PathChange[];
  /** The container's own configuration, over its image's. */
  readonly config: ImageRunConfig;
  /** Dockerfile instructions. */
  readonly instructions: readonly string[];
  readonly author: string;
  readonly message: string;
  /** What its history says made it; the command of `config` if absent. */
  readonly createdBy?: string;
  /** When it is made, nanoseconds since the epoch, decimal. */
  readonly at: string;
}

/** A blob in a file. */
export interface BlobFile extends BlobDescriptor {
  readonly path: string;
}

/** A layer as a registry has it. */
export interface PackedLayer extends BlobDescriptor {
  /** The same layer uncompressed (image-spec, config.md, DiffID). */
  readonly diffId: Digest;
  /** Where it is; absent where whoever it is for has it. */
  readonly path?: string;
}

/** What an image runs on, in Go's words (`linux`, `arm64`, `v8`). */
export interface ImagePlatform {
  readonly os: string;
  readonly architecture: string;
  readonly variant?: string;
}

/** An image as a registry has it (image-spec, manifest.md): a manifest, and what it names. Layers lowest first. */
export interface PackedImage {
  readonly manifest: BlobFile;
  readonly config: BlobFile;
  readonly layers: readonly PackedLayer[];
}

/** Where images are taken in beside other work. */
export interface IngestContext extends OperationContext {
  /** Resolves when blobs may be stored: what is stored and what is removed must not cross. Until then an ingest touches nothing but what is its own. */
  readonly turn?: () => Promise<void>;
}

/** A layer that is here, as it was announced, and so are all below it. */
export interface ArrivedLayer extends LayerRecord {
  /** The image that it is of. */
  readonly image: Digest;
  /** Chain id of the layer below. */
  readonly parent?: Digest;
  /** Where its blob is, until the pull ends or the image is stored. */
  readonly path: string;
}

/** How a pull goes about it. */
export interface PullOptions {
  /** In Go's words: `os/architecture[/variant]`; absent: this host's. */
  readonly platform?: string;
  readonly known?: KnownImage;
  /**
   * Makes something of each layer while others are on their way, one at a time, the lowest first. Answers bytes of its uncompressed tar where it was seen
   * that this blob has the diff id; else the store looks. What it made is for whoever gave it to take back when the pull fails; `signal` is aborted then.
   */
  readonly unpack?: (layer: ArrivedLayer, signal: AbortSignal) => Promise<number | undefined>;
}

/** What is known of an image beside the store; undefined of one that is not here. */
export type KnownImage = (id: Digest) => ImageManifest | undefined;

/**
 * Keeps blobs by digest and takes image archives in. Nothing is an image until the engine's log says so: `load` leaves
 * blobs that `observe` lists and `remove` deletes.
 */
export interface ImageStore extends DriverBase {
  /**
   * Reads a docker-archive or an OCI layout (plain, gzip, zstd, bzip2 or xz; its layers plain, gzip or zstd), checks every digest, stores the blobs durably.
   * `ingest` names the operation's scratch. Fails ARCHIVE_INVALID, DIGEST_MISMATCH or DISK_FULL, and nothing new stays.
   */
  load(
    ingest: string,
    archive: AsyncIterable<Uint8Array>,
    ctx: IngestContext,
    progress?: (p: Progress) => void,
  ): Promise<readonly IngestedImage[]>;
  /** Makes a one-layer image from a root file system tar. `at` (ns, decimal) becomes its creation time; `changes` are Dockerfile instructions. */
  import(
    ingest: string,
    rootfs: AsyncIterable<Uint8Array>,
    options: { readonly message: string; readonly changes: readonly string[]; readonly at: string; readonly architecture: string },
    ctx: IngestContext,
  ): Promise<IngestedImage>;
  /**
   * Takes an image in by the descriptor of its manifest, or of an index, of which it takes the one for the platform asked for,
   * or else for this host. It tells progress of layers in Docker's words (`Pulling fs layer`, `Already exists`, `Download complete`). `fetch` writes a blob into a
   * file; it is called for blobs that are not here, side by side, and of pulls that go on beside each other by one; when one fails, `signal` ends the
   * others. Every digest and size is checked, but of an image that is `known` to consist of these blobs. Fails ARCHIVE_INVALID, DIGEST_MISMATCH, DISK_FULL, or
   * what `fetch` or `unpack` fails with, the first of them, and nothing new stays. The image has no tags.
   */
  pull(
    ingest: string,
    descriptor: BlobDescriptor,
    fetch: (blob: BlobDescriptor, path: string, signal: AbortSignal) => Promise<void>,
    ctx: IngestContext,
    options?: PullOptions,
  ): Promise<IngestedImage>;
  /**
   * What an image of a source is for, by the descriptor of its manifest or index: every platform that its index names, or the one of its config. `fetch`, the checks
   * and the failures are those of {@link ImageStore.pull}; nothing stays.
   */
  platforms(
    ingest: string,
    descriptor: BlobDescriptor,
    fetch: (blob: BlobDescriptor, path: string) => Promise<void>,
    ctx: OperationContext,
  ): Promise<readonly ImagePlatform[]>;
  /**
   * One tar with these images, an OCI layout and a docker-archive at once; the same images give the same bytes. Opens what it needs when the first byte
   * is asked for, so that removing blobs later does no harm, and closes it when the reading ends, however it does. Fails BLOB_NOT_FOUND before that
   * byte; DIGEST_MISMATCH where a damaged blob is come upon: the tar is not whole then.
   */
  save(images: readonly IngestedImage[]): AsyncIterable<Uint8Array>;
  /**
   * Makes an image of a container: the base's layers, and one of the changes, unless there are none. No path that the container made leads out
   * of its tree. Fails REQUEST_INVALID for the instructions, ARCHIVE_INVALID for a name that is not UTF-8, DISK_FULL, and nothing new stays.
   */
  commit(ingest: string, commit: ImageCommit, ctx: OperationContext): Promise<IngestedImage>;
  /**
   * Makes an image ready to be sent: the manifest it was pulled or last packed by, where that fits, or else one of OCI types; and its layers, those that are plain
   * compressed by gzip, unless it is remembered what came of that, and `isThere` says that nobody needs it. The same image gives the same bytes.
   * All files are with the ingest until it is discarded, whatever is removed meanwhile. Fails BLOB_NOT_FOUND, DIGEST_MISMATCH for a damaged plain layer, DISK_FULL.
   */
  pack(
    ingest: string,
    image: ImageManifest,
    isThere: (layer: PackedLayer) => Promise<boolean>,
    ctx: OperationContext,
  ): Promise<PackedImage>;
  /** What the config blob of an image says. Throws BLOB_NOT_FOUND, or DIGEST_MISMATCH where it is damaged. */
  text(id: Digest): Promise<ImageText>;
  /** Path of a blob. Throws BLOB_NOT_FOUND. */
  path(digest: Digest): Promise<string>;
  /** Bytes of those of the blobs that are there. */
  sizes(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>>;
  /** Deletes blobs. Succeeds for those that are not there. */
  remove(digests: readonly Digest[]): Promise<void>;
  /** Deletes what an interrupted ingest left. Succeeds when there is nothing. */
  discard(ingest: string): Promise<void>;
}
