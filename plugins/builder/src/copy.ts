import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { type BuildFiles, ShiplogError } from '@shiplog/contracts';
import { resolveUser } from '@shiplog/driver-kit';
import { decompress, type Decompressor, PLAIN_ENTRY, type TarEntry, type TarEntryInput, readTar } from '@shiplog/oci';
import { invalid } from './dockerfile.ts';
import type { Source, SourceTree } from './source-tree.ts';

/** A COPY or ADD, read: its sources found, its destination as it was written. */
export interface Copy {
  readonly decompressor: Decompressor;
  readonly keyword: string;
  readonly tree: SourceTree;
  readonly sources: readonly Source[];
  /** Absolute; ends in a slash where a directory is meant. */
  readonly destination: string;
  /** `user[:group]`; '' for root. */
  readonly owner: string;
}

interface Owner {
  readonly uid: number;
  readonly gid: number;
}

const USTAR_AT = 257;
const BLOCK_BYTES = 512;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

/** What is copied, as a history tells it: by the hash of all that a copy would have. Times make no difference. */
export async function digestOf({ tree, sources }: Copy): Promise<string> {
  const hashes: string[] = [];
  for (const source of sources) {
    for await (const { relative, entry } of tree.entries(source)) {
      const { type, mode, size, linkName, major, minor, xattrs } = entry;
      const attributes = [...xattrs].map(([name, value]) => [name, Buffer.from(value).toString('hex')]).toSorted();
      // Of a directory that is copied only the content comes over.
      const isRoot = source.isDirectory && relative === '';
      const name = source.isDirectory || sources.length === 1 ? relative : source.name;
      const hash = createHash('sha256').update(JSON.stringify(isRoot ? [] : [name, type, mode, size, linkName, major, minor, attributes]));
      for await (const chunk of entry.content) hash.update(chunk);
      hashes.push(hash.digest('hex'));
    }
  }
  const [first] = sources;
  const kind = sources.length > 1 ? 'multi' : first?.isDirectory === true ? 'dir' : 'file';
  return `${kind}:${createHash('sha256').update(hashes.toSorted().join('')).digest('hex')}`;
}

/**
 * Entries of a tar for the root of a container, that do a copy: directories that are missing on the way, then the sources. `files` are the container's; they are read before
 * the first entry. Throws BUILD_INVALID, SPEC_INVALID for an owner that the container does not know.
 */
export async function copiedEntries(copy: Copy, files: BuildFiles): Promise<AsyncGenerator<TarEntryInput, void, undefined>> {
  const { keyword, sources, destination, owner: asked, tree, decompressor } = copy;
  if (sources.length > 1 && !destination.endsWith('/')) {
    const message = `When using ${keyword} with more than one source file, the destination must be a directory and end with a /`;
    throw invalid(message);
  }
  const target = posix.join('/', destination);
  const isDirectory = destination.endsWith('/') || (await isDirectoryIn(files, target));
  const owner = await ownerOf(asked, files);
  const place = target.replace(/\/$/, '');
  const into = isDirectory || sources.some((source) => source.isDirectory) ? place : posix.dirname(place);
  const missing = await missingDirectories(files, into);
  return (async function* () {
    for (const path of missing) yield directory(path, owner);
    for (const source of sources) {
      for await (const { relative, entry } of tree.entries(source)) {
        if (source.isDirectory) {
          if (relative !== '') yield placed(entry, posix.join(place, relative), place, owner);
          continue;
        }
        const unpacked = keyword === 'ADD' && entry.type === 'file' ? await asArchive(entry, decompressor) : undefined;
        if (unpacked === undefined) yield placed(entry, isDirectory ? posix.join(place, source.name) : place, place, owner);
        else if ('entries' in unpacked) yield* archived(unpacked.entries, place, asked === '' ? undefined : owner);
        else yield placed({ ...entry, content: unpacked.content }, isDirectory ? posix.join(place, source.name) : place, place, owner);
      }
    }
  })();
}

/** Directories on the way to a path, and it itself, that a container has not. Uppermost first. */
export async function missingDirectories(files: BuildFiles, path: string): Promise<readonly string[]> {
  const missing: string[] = [];
  for (let at = path; at !== '/' && at !== '' && !(await exists(files, at)); at = posix.dirname(at)) missing.unshift(at);
  return missing;
}

/** A directory as an entry of a tar for the root. */
export function directory(path: string, { uid, gid }: Owner = { uid: 0, gid: 0 }): TarEntryInput {
  const name = `${path.replace(/^\/+/, '')}/`;
  return { ...PLAIN_ENTRY, name, type: 'directory', mode: 0o755, uid, gid, mtimeNs: now() };
}

function now(): bigint {
  return BigInt(Date.now()) * 1_000_000n;
}

function placed(entry: TarEntry, path: string, root: string, { uid, gid }: Owner): TarEntryInput {
  const name = path.replace(/^\/+/, '');
  const linkName = entry.type === 'hardlink' ? posix.join(root, entry.linkName).replace(/^\/+/, '') : entry.linkName;
  return { ...entry, name: entry.type === 'directory' ? `${name}/` : name, linkName, uid, gid };
}

async function* archived(entries: AsyncIterable<TarEntry>, place: string, owner: Owner | undefined): AsyncGenerator<TarEntryInput> {
  for await (const entry of entries) {
    const name = posix.join('/', entry.name);
    if (name === '/') continue;
    yield placed(entry, posix.join(place, name), place, owner ?? entry);
  }
}

/** What a local file that is added holds: a tar, compressed or not, or its bytes. */
async function asArchive(
  { content }: TarEntry,
  decompressor: Decompressor,
): Promise<{ readonly entries: AsyncIterable<TarEntry> } | { readonly content: AsyncIterable<Uint8Array> }> {
  // A compressed file that is no tar is copied as it is: its bytes are kept until that is known.
  const read: Uint8Array[] = [];
  const chunks = content[Symbol.asyncIterator]();
  async function* kept(): AsyncGenerator<Uint8Array> {
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) {
      read.push(next.value);
      yield next.value;
    }
  }
  async function* raw(): AsyncGenerator<Uint8Array> {
    yield* read.splice(0);
    for (let next = await chunks.next(); next.done !== true; next = await chunks.next()) yield next.value;
  }
  const beginning = kept();
  const head = await firstBlock(beginning, decompressor).catch((error: unknown) => {
    // What begins like an archive and is none is copied as it is.
    if (error instanceof ShiplogError && error.code === 'ARCHIVE_INVALID') return undefined;
    throw error;
  });
  // What was asked for ahead comes in before the rest is.
  await beginning.return(undefined);
  if (head === undefined || head.toString('latin1', USTAR_AT, USTAR_AT + 5) !== 'ustar') return { content: raw() };
  return { entries: readTar(decompress(raw(), { decompressor })) };
}

async function firstBlock(source: AsyncIterable<Uint8Array>, decompressor: Decompressor): Promise<Buffer | undefined> {
  let block = Buffer.alloc(0);
  for await (const chunk of decompress(source, { decompressor })) {
    block = Buffer.concat([block, chunk]);
    if (block.length >= BLOCK_BYTES) return block;
  }
  return undefined;
}

/** A user alone is its own group, as with Docker. */
async function ownerOf(asked: string, files: BuildFiles): Promise<Owner> {
  if (asked === '') return { uid: 0, gid: 0 };
  const spec = asked.includes(':') ? asked : `${asked}:${asked}`;
  return resolveUser((path) => textOf(files, path), spec, []);
}

async function textOf(files: BuildFiles, path: string): Promise<string> {
  try {
    const { stat, tar } = await files.archive(path);
    const chunks: Uint8Array[] = [];
    for await (const entry of readTar(tar))
      if (entry.type === 'file' && stat.size < 4 << 20) for await (const chunk of entry.content) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8');
  } catch (error) {
    if (isMissing(error)) return '';
    throw error;
  }
}

async function exists(files: BuildFiles, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

async function isDirectoryIn(files: BuildFiles, path: string): Promise<boolean> {
  try {
    const { linkTarget, mode } = await files.stat(path);
    return ((linkTarget === '' ? mode : (await files.stat(linkTarget)).mode) & S_IFMT) === S_IFDIR;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

function isMissing(error: unknown): boolean {
  return error instanceof ShiplogError && (error.code === 'PATH_NOT_FOUND' || error.code === 'PATH_NOT_DIRECTORY');
}
