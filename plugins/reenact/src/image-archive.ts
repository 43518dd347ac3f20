import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type Digest, type LoadedImage, ShiplogError } from '@shiplog/contracts';
import { PLAIN_ENTRY, tarFile, type TarEntryInput, writeTar } from '@shiplog/oci';

/** Blobs of an engine's image store, by its root. */
export class ImageBlobs {
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
  }

  /** Throws PATH_NOT_FOUND where no engine keeps images. */
  static async at(root: string): Promise<ImageBlobs> {
    const directory = join(root, 'drivers', 'image-store', 'local', 'blobs', 'sha256');
    const found = await stat(directory).catch(() => undefined);
    if (found?.isDirectory() === true) return new ImageBlobs(directory);
    throw new ShiplogError('PATH_NOT_FOUND', `${root} has no images: name the root of an engine that has them`, { path: directory });
  }

  /** Digests that are not there. */
  async missing(images: readonly LoadedImage[]): Promise<readonly Digest[]> {
    const digests = new Set(images.flatMap(({ manifest }) => [manifest.id, ...manifest.layers.map(({ digest }) => digest)]));
    const found = await Promise.all([...digests].map(async (digest) => ((await this.#size(digest)) === undefined ? [digest] : [])));
    return found.flat();
  }

  /** The images as a docker-archive, in the bytes they were loaded from. */
  archive(images: readonly LoadedImage[]): AsyncIterable<Uint8Array> {
    return writeTar(this.#entries(images));
  }

  /** The one layer of an imported image: the root file system as it came. */
  rootfs(image: LoadedImage): AsyncIterable<Uint8Array> {
    const [layer] = image.manifest.layers;
    if (layer === undefined)
      throw new ShiplogError('ARCHIVE_INVALID', `image ${image.manifest.id} has no layer`, { image: image.manifest.id });
    return createReadStream(this.#path(layer.digest));
  }

  async *#entries(images: readonly LoadedImage[]): AsyncGenerator<TarEntryInput> {
    const manifest = images.map(({ manifest: { id, layers }, tags }) => ({
      Config: `${hex(id)}.json`,
      RepoTags: tags,
      Layers: layers.map(({ digest }) => `${hex(digest)}.tar`),
    }));
    const text = Buffer.from(JSON.stringify(manifest));
    yield tarFile('manifest.json', text);
    const written = new Set<Digest>();
    for (const { manifest: image } of images) {
      for (const [digest, suffix] of [[image.id, 'json'], ...image.layers.map(({ digest: layer }) => [layer, 'tar'] as const)] as const) {
        if (written.has(digest)) continue;
        written.add(digest);
        const size = await this.#size(digest);
        if (size === undefined) throw new ShiplogError('BLOB_NOT_FOUND', `there is no blob ${digest} any more`, { digest });
        yield { ...PLAIN_ENTRY, name: `${hex(digest)}.${suffix}`, size, content: createReadStream(this.#path(digest)) };
      }
    }
  }

  async #size(digest: Digest): Promise<number | undefined> {
    return stat(this.#path(digest)).then(
      ({ size }) => size,
      () => undefined,
    );
  }

  #path(digest: Digest): string {
    return join(this.#directory, hex(digest));
  }
}

function hex(digest: Digest): string {
  return digest.slice('sha256:'.length);
}
