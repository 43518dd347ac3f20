import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BlobDescriptor,
  type Digest,
  type ImageCommit,
  type ImageManifest,
  type ImagePlatform,
  type ImageStore,
  type ImageText,
  type IngestContext,
  type IngestedImage,
  type Kernel,
  type Observed,
  type OperationContext,
  type PackedImage,
  type PackedLayer,
  type Progress,
  type PullOptions,
  ShiplogError,
} from '@shiplog/contracts';
import { type DriverHome, HOME, inject, injectable, KERNEL, namesIn, programDecompressor } from '@shiplog/driver-kit';
import { type Decompressor, hostPlatform, parseImageConfig, parsePlatform, sha256Of } from '@shiplog/oci';
import { abortable } from './abortable.ts';
import { type ArchiveImage, checkDigest } from './archive-image.ts';
import { Blobs, type NewBlob } from './blobs.ts';
import { commitImage } from './commit-image.ts';
import { dockerArchive } from './docker-archive.ts';
import { Downloads } from './downloads.ts';
import { makeDirectory, syncFile } from './durable.ts';
import { importImage, type ImportOptions } from './import-image.ts';
import { Manifests } from './manifests.ts';
import { ociLayout } from './oci-layout.ts';
import { type Fetch, ImagePull } from './pull-image.ts';
import { packImage } from './pack-image.ts';
import { saveImages } from './save-images.ts';
import { Spool } from './spool.ts';

const LIMITS = { entries: 100_000, fileBytes: 256 * 1024 ** 3 };
const INGEST_NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.:-]{0,254}$/;

/**
 * Keeps blobs in `<stateDir>/blobs/sha256`, and takes archives in through `<stateDir>/ingest/<ingest>`. Blobs appear only when all of
 * an archive has been checked; a failed or interrupted ingest leaves at most its own directory. Manifests are remembered in `<stateDir>/manifests`.
 */
@injectable()
export class LocalImageStore implements ImageStore {
  readonly #ingests: string;
  readonly #blobs: Blobs;
  readonly #manifests: Manifests;
  readonly #downloads = new Downloads();
  readonly #kernel: Kernel;
  readonly #decompressor: Decompressor;

  constructor(@inject(HOME) home: DriverHome, @inject(KERNEL) kernel: Kernel) {
    this.#kernel = kernel;
    this.#decompressor = programDecompressor(kernel);
    this.#ingests = join(home.stateDir, 'ingest');
    this.#blobs = new Blobs(join(home.stateDir, 'blobs', 'sha256'));
    this.#manifests = new Manifests(join(home.stateDir, 'manifests'));
  }

  async load(
    ingest: string,
    archive: AsyncIterable<Uint8Array>,
    ctx: IngestContext,
    progress?: (p: Progress) => void,
  ): Promise<readonly IngestedImage[]> {
    return this.#ingest(ingest, ctx, async (directory) => {
      const spool = new Spool(directory, LIMITS);
      await spool.fill(abortable(archive, ctx.signal), this.#decompressor, progress);
      const images = await archiveImages(spool);
      const files = new Map(images.flatMap((image) => image.files).map(({ digest, file }) => [digest, { digest, file }]));
      return { answer: merged(images), blobs: [...files.values()] };
    });
  }

  async pull(
    ingest: string,
    descriptor: BlobDescriptor,
    fetch: Fetch,
    ctx: IngestContext,
    { platform, ...options }: PullOptions = {},
  ): Promise<IngestedImage> {
    const asked = platform === undefined ? undefined : parsePlatform(platform);
    const { manifest, bytes } = await this.#ingest(ingest, ctx, async (directory) => {
      const image = await this.#fetching(directory, fetch, ctx, (pull) => pull.image(descriptor, asked), options);
      return { answer: image, blobs: image.files };
    });
    await hostErrors(() => this.#manifests.keep(manifest.id, bytes));
    return { manifest, tags: [] };
  }

  async platforms(ingest: string, descriptor: BlobDescriptor, fetch: Fetch, ctx: OperationContext): Promise<readonly ImagePlatform[]> {
    return this.#ingest(ingest, ctx, async (directory) => ({
      answer: await this.#fetching(directory, fetch, ctx, (pull) => pull.platforms(descriptor)),
      blobs: [],
    }));
  }

  async import(ingest: string, rootfs: AsyncIterable<Uint8Array>, options: ImportOptions, ctx: IngestContext): Promise<IngestedImage> {
    return this.#ingest(ingest, ctx, async (directory) => {
      const { blobs, ...answer } = await importImage(directory, abortable(rootfs, ctx.signal), options, {
        limitBytes: LIMITS.fileBytes,
        decompressor: this.#decompressor,
      });
      return { answer, blobs };
    });
  }

  async commit(ingest: string, commit: ImageCommit, ctx: OperationContext): Promise<IngestedImage> {
    return this.#ingest(ingest, ctx, async (directory) => {
      const { blobs, ...answer } = await commitImage(directory, commit, this.#kernel, ctx.signal);
      return { answer, blobs };
    });
  }

  async pack(
    ingest: string,
    image: ImageManifest,
    isThere: (layer: PackedLayer) => Promise<boolean>,
    { signal }: OperationContext,
  ): Promise<PackedImage> {
    const directory = this.#ingestDirectory(ingest);
    return hostErrors(async () => {
      try {
        await rm(directory, { recursive: true, force: true });
        await makeDirectory(directory);
        return await packImage(image, { directory, blobs: this.#blobs, manifests: this.#manifests, isThere, signal });
      } catch (error) {
        await rm(directory, { recursive: true, force: true });
        throw error;
      }
    });
  }

  async text(id: Digest): Promise<ImageText> {
    const bytes = await hostErrors(async () => readFile(await this.#blobs.path(id)));
    checkDigest(`blob ${id}`, id, sha256Of(bytes));
    const { config, history, author, comment } = parseImageConfig(bytes);
    return { config, history, ...(author === undefined ? {} : { author }), ...(comment === undefined ? {} : { comment }) };
  }

  save(images: readonly IngestedImage[]): AsyncIterable<Uint8Array> {
    return saveImages(images, (digest) => this.path(digest));
  }

  async path(digest: Digest): Promise<string> {
    return hostErrors(() => this.#blobs.path(digest));
  }

  async sizes(digests: readonly Digest[]): Promise<ReadonlyMap<Digest, number>> {
    return hostErrors(() => this.#blobs.sizes(digests));
  }

  async remove(digests: readonly Digest[]): Promise<void> {
    await hostErrors(async () => {
      // Blobs first: whoever finds one remembers a manifest of it.
      await this.#blobs.remove(digests);
      await this.#manifests.remove(digests);
    });
  }

  async discard(ingest: string): Promise<void> {
    const directory = this.#ingestDirectory(ingest);
    await hostErrors(() => rm(directory, { recursive: true, force: true }));
  }

  /** `{resource: 'blob', id: digest}` and, for what an interrupted ingest left, `{resource: 'ingest', id: ingest}`. */
  async observe(): Promise<readonly Observed[]> {
    const [blobs, ingests] = await hostErrors(() => Promise.all([this.#blobs.list(), namesIn(this.#ingests)]));
    return [...blobs.map((id) => ({ resource: 'blob', id })), ...ingests.map((id) => ({ resource: 'ingest', id }))];
  }

  async #fetching<T>(
    directory: string,
    fetch: Fetch,
    ctx: OperationContext,
    work: (pull: ImagePull) => Promise<T>,
    options: Pick<PullOptions, 'known' | 'unpack'> = {},
  ): Promise<T> {
    const [blobs, downloads] = [this.#blobs, this.#downloads];
    try {
      return await work(new ImagePull({ ...options, directory, limitBytes: LIMITS.fileBytes, fetch, blobs, downloads, ctx }));
    } finally {
      // What goes on from here finds it stored, or fetches it itself.
      downloads.forget(directory);
    }
  }

  /** Works in a fresh directory of the ingest's own, stores what came of it when it is its turn, and leaves no directory behind. */
  async #ingest<T>(
    ingest: string,
    { turn }: IngestContext,
    work: (directory: string) => Promise<{ answer: T; blobs: readonly NewBlob[] }>,
  ): Promise<T> {
    const directory = this.#ingestDirectory(ingest);
    return hostErrors(async () => {
      try {
        // An earlier try that was interrupted may have left something.
        await rm(directory, { recursive: true, force: true });
        await makeDirectory(directory);
        const { answer, blobs } = await work(directory);
        await Promise.all(blobs.map(({ file }) => syncFile(file)));
        await turn?.();
        await this.#blobs.add(blobs);
        return answer;
      } finally {
        await rm(directory, { recursive: true, force: true });
      }
    });
  }

  #ingestDirectory(ingest: string): string {
    if (!INGEST_NAME.test(ingest))
      throw new ShiplogError('REQUEST_INVALID', `an ingest cannot be named ${JSON.stringify(ingest)}`, { ingest });
    return join(this.#ingests, ingest);
  }
}

/** An archive may be both: then the OCI layout says more (platforms, sizes, media types). */
async function archiveImages(spool: Spool): Promise<readonly ArchiveImage[]> {
  if (spool.has('oci-layout') && spool.has('index.json')) return ociLayout(spool, hostPlatform());
  if (spool.has('manifest.json')) return dockerArchive(spool);
  throw new ShiplogError(
    'ARCHIVE_INVALID',
    'the archive is neither a docker-archive (it has no manifest.json) nor an OCI layout (no index.json)',
  );
}

async function hostErrors<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw ShiplogError.wrap(error, 'DRIVER_FAILED', { driver: 'local' });
  }
}

/** One answer per image, with all the tags the archive gives it. */
function merged(images: readonly ArchiveImage[]): readonly IngestedImage[] {
  const byId = new Map<Digest, IngestedImage>();
  for (const { manifest, tags } of images) {
    const before = byId.get(manifest.id);
    byId.set(manifest.id, { manifest: before?.manifest ?? manifest, tags: [...new Set([...(before?.tags ?? []), ...tags])] });
  }
  return [...byId.values()];
}
