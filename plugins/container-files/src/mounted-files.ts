import { constants } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { posix } from 'node:path';
import { type ExtractOptions, type Extracted, type Kernel, type OpenFiles, type PathStat, ShiplogError } from '@shiplog/contracts';
import { closeFile, errnoOf, openFile, pathOf, programDecompressor, resolveUser, statOf, TreeReader } from '@shiplog/driver-kit';
import { decompress, readTar, type TarEntryInput, writeTar } from '@shiplog/oci';
import { type ContainerPath, containerPath } from './container-path.ts';
import { Extraction } from './extraction.ts';

const S_IFMT = 0o170000n;
const S_IFDIR = 0o040000n;
const S_IFLNK = 0o120000n;
const S_IFREG = 0o100000n;

/** Files larger than this are no user databases. */
const TEXT_LIMIT = 4n << 20n;

/** A tree of the kernel port, held by its descriptor. */
export class MountedFiles implements OpenFiles {
  readonly #kernel: Kernel;
  #tree: number | undefined;
  /** What archives hold that were not read to their end yet. */
  readonly #places = new Set<number>();

  constructor(kernel: Kernel, tree: number) {
    this.#kernel = kernel;
    this.#tree = tree;
  }

  async stat(asked: string): Promise<PathStat> {
    const path = containerPath(asked);
    const place = await this.#place(path);
    try {
      return await this.#statOf(path, place);
    } finally {
      await closeFile(place);
    }
  }

  async archive(asked: string): Promise<{ readonly stat: PathStat; readonly tar: AsyncIterable<Uint8Array> }> {
    const path = containerPath(asked);
    const place = await this.#place(path);
    this.#places.add(place);
    try {
      const stat = await this.#statOf(path, place);
      return { stat, tar: writeTar(this.#entriesOf(path, place)) };
    } catch (error) {
      await this.#letGo(place);
      throw error;
    }
  }

  async *export(): AsyncGenerator<Uint8Array, void, undefined> {
    yield* writeTar(this.#reader().beneath(this.#held, ''));
  }

  async extract(asked: string, archive: AsyncIterable<Uint8Array>, options: ExtractOptions): Promise<Extracted> {
    const { path } = containerPath(asked);
    const place = await this.#openPath(path, true);
    if (place === undefined) throw notFound(path);
    try {
      if (((await statOf(place)).mode & S_IFMT) !== S_IFDIR) {
        throw new ShiplogError('PATH_NOT_DIRECTORY', `extraction point is not a directory: ${path}`, { path });
      }
      const owner = options.owner === undefined ? undefined : await resolveUser((file) => this.#text(file), options.owner, []);
      const extraction = new Extraction({
        kernel: this.#kernel,
        tree: this.#held,
        destination: place,
        keepKinds: options.keepKinds,
        ...(owner === undefined ? {} : { owner }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      });
      return await extraction.run(readTar(decompress(archive, { decompressor: programDecompressor(this.#kernel) }), { sparse: true }));
    } finally {
      await closeFile(place);
    }
  }

  async close(): Promise<void> {
    const tree = this.#tree;
    this.#tree = undefined;
    for (const place of this.#places) await this.#letGo(place);
    if (tree !== undefined) await closeFile(tree);
  }

  get #held(): number {
    if (this.#tree === undefined) throw new ShiplogError('INTERNAL', 'the files of this container were let go of');
    return this.#tree;
  }

  /** Entries of what `place` holds, which is closed behind the last one. */
  async *#entriesOf({ path, name, directory }: ContainerPath, place: number): AsyncGenerator<TarEntryInput, void, undefined> {
    try {
      if (directory || ((await statOf(place)).mode & S_IFMT) === S_IFDIR) {
        yield* this.#reader().tree(place, name);
        return;
      }
      // A link is read, and an attribute asked for, by its name in its directory.
      const parent = await this.#openPath(posix.dirname(path), true);
      if (parent === undefined) throw notFound(path);
      try {
        yield* this.#reader().tree(place, name, { directory: parent, name: posix.basename(path) });
      } finally {
        await closeFile(parent);
      }
    } finally {
      await this.#letGo(place);
    }
  }

  /** For one tar. */
  #reader(): TreeReader {
    return new TreeReader({ kernel: this.#kernel, xattrs: 'capabilities' });
  }

  async #letGo(place: number): Promise<void> {
    if (this.#places.delete(place)) await closeFile(place);
  }

  async #place(asked: ContainerPath): Promise<number> {
    const place = await this.#openPath(asked.path, asked.directory);
    if (place === undefined) throw notFound(asked.path);
    if (!asked.directory || ((await statOf(place)).mode & S_IFMT) === S_IFDIR) return place;
    await closeFile(place);
    throw new ShiplogError('PATH_NOT_DIRECTORY', `not a directory: ${asked.path}`, { path: asked.path });
  }

  async #openPath(path: string, follow: boolean): Promise<number | undefined> {
    try {
      return await this.#kernel.trees.open(this.#held, path, { follow });
    } catch (error) {
      // A file stands on the way.
      if (errnoOf(error) === 'ENOTDIR') return undefined;
      if (errnoOf(error) === 'ELOOP') throw new ShiplogError('REQUEST_INVALID', `too many levels of symbolic links: ${path}`, { path });
      if (errnoOf(error) === 'ENAMETOOLONG') throw new ShiplogError('REQUEST_INVALID', 'the path, or a name in it, is too long', { path });
      throw error;
    }
  }

  async #statOf({ path, name }: ContainerPath, place: number): Promise<PathStat> {
    const { mode, size, mtimeNs } = await statOf(place);
    const isLink = (mode & S_IFMT) === S_IFLNK;
    return {
      name,
      size: Number(size),
      mode: Number(mode),
      modifiedAt: String(mtimeNs),
      linkTarget: isLink ? await this.#linkTarget(path) : '',
    };
  }

  /** Of one that leads nowhere, where it would lead, as far as it is known. */
  async #linkTarget(path: string): Promise<string> {
    try {
      return await this.#kernel.trees.resolve(this.#held, path);
    } catch (error) {
      if (error instanceof ShiplogError && error.code === 'PATH_NOT_FOUND') return path;
      if (['ELOOP', 'ENOTDIR', 'ENOENT', 'EINVAL'].includes(errnoOf(error) ?? '')) return path;
      throw error;
    }
  }

  /** A regular file's text; '' for anything else: a container may put a fifo, a device or a file without end there. */
  async #text(path: string): Promise<string> {
    const place = await this.#openPath(path, true);
    if (place === undefined) return '';
    try {
      const { mode, size } = await statOf(place);
      if ((mode & S_IFMT) !== S_IFREG || size > TEXT_LIMIT) return '';
      const file = await openFile(pathOf(place), constants.O_RDONLY | constants.O_NONBLOCK);
      try {
        return await readFile(pathOf(file), 'utf8');
      } finally {
        await closeFile(file);
      }
    } finally {
      await closeFile(place);
    }
  }
}

function notFound(path: string): ShiplogError {
  return new ShiplogError('PATH_NOT_FOUND', `Could not find the file ${path} in the container`, { path });
}
