import { posix } from 'node:path';
import { type BuildFiles, type PathStat, ShiplogError } from '@shiplog/contracts';
import { matcherOf, readTar, type TarEntry } from '@shiplog/oci';
import { invalid } from './dockerfile.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;

/** One file or directory that is to be copied. */
export interface Source {
  /** Absolute and clean; links are followed. */
  readonly path: string;
  /** As it was asked for, which a copy is named after. */
  readonly name: string;
  readonly isDirectory: boolean;
}

/** Where COPY and ADD take from: the context without what is ignored, or a container's files. */
export class SourceTree {
  readonly #files: BuildFiles;
  readonly #ignored: (path: string) => boolean;

  constructor(files: BuildFiles, ignored: (path: string) => boolean = () => false) {
    this.#files = files;
    this.#ignored = ignored;
  }

  /** What a path or pattern stands for (path.Match of Go). Throws BUILD_INVALID where there is nothing, or it leads out. */
  async find(pattern: string): Promise<readonly Source[]> {
    if (posix.normalize(`./${pattern}`).startsWith('..'))
      throw invalid(`forbidden path outside the build context: ${pattern} ()`, { path: pattern });
    const clean = posix.normalize(`/${pattern}`);
    if (!/[*?[]/.test(clean)) return [await this.#source(clean)];
    const names = clean.split('/').slice(1);
    const above = names.slice(
      0,
      names.findIndex((name) => /[*?[]/.test(name)),
    );
    const matches = matcherOf(names.filter((name) => name !== '').join('/'));
    const found: Source[] = [];
    const root = `/${above.join('/')}`;
    const base = await this.#stat(root);
    if (base !== undefined)
      for await (const { relative, entry } of this.#entries(root)) {
        const path = posix.join(root, relative);
        if (!matches(path.slice(1))) continue;
        found.push(
          entry.type === 'symlink'
            ? await this.#source(path)
            : { path, name: posix.basename(path), isDirectory: entry.type === 'directory' },
        );
      }
    if (found.length === 0) throw missing(pattern);
    return found;
  }

  /** Entries of a source, each with its path beneath it: '' for itself. Their content is read before the next is asked for. */
  async *entries({ path }: Source): AsyncGenerator<{ readonly relative: string; readonly entry: TarEntry }, void, undefined> {
    yield* this.#entries(path);
  }

  /** A text file, or undefined where there is none. */
  async text(path: string, limit: number): Promise<string | undefined> {
    if ((await this.#stat(path)) === undefined) return undefined;
    const source = await this.#source(posix.normalize(`/${path}`));
    if (source.isDirectory) throw invalid(`${path} is a directory`, { path });
    const chunks: Uint8Array[] = [];
    for await (const { entry } of this.#entries(source.path)) {
      if (entry.size > limit) throw invalid(`${path} is larger than ${limit} bytes`, { path });
      for await (const chunk of entry.content) chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  async #source(path: string): Promise<Source> {
    const stat = await this.#stat(path);
    if (stat === undefined || this.#isIgnored(path)) throw missing(path.slice(1));
    const behind = stat.linkTarget === '' ? stat : await this.#stat(stat.linkTarget);
    // A link that leads nowhere, or around, leads to itself.
    if (behind === undefined || (behind.mode & S_IFMT) === S_IFLNK) throw missing(path.slice(1));
    return {
      path: stat.linkTarget === '' ? path : stat.linkTarget,
      name: posix.basename(path),
      isDirectory: (behind.mode & S_IFMT) === S_IFDIR,
    };
  }

  async *#entries(path: string): AsyncGenerator<{ readonly relative: string; readonly entry: TarEntry }, void, undefined> {
    const { tar } = await this.#files.archive(path);
    let prefix: string | undefined;
    for await (const entry of readTar(tar)) {
      // The first is the path itself.
      prefix ??= entry.name.replace(/\/+$/, '');
      const relative = beneath(prefix, entry.name);
      if (this.#isIgnored(posix.join(path, relative))) continue;
      yield { relative, entry: entry.type === 'hardlink' ? { ...entry, linkName: beneath(prefix, entry.linkName) } : entry };
    }
  }

  #isIgnored(path: string): boolean {
    return path !== '/' && this.#ignored(path.slice(1));
  }

  async #stat(path: string): Promise<PathStat | undefined> {
    try {
      return await this.#files.stat(path);
    } catch (error) {
      if (error instanceof ShiplogError && (error.code === 'PATH_NOT_FOUND' || error.code === 'PATH_NOT_DIRECTORY')) return undefined;
      throw error;
    }
  }
}

function beneath(prefix: string, name: string): string {
  return name.slice(prefix.length).replace(/^\/+|\/+$/g, '');
}

function missing(path: string): ShiplogError {
  return invalid(`file not found in build context or excluded by .dockerignore: stat ${path}: file does not exist`, { path });
}
