import { isUtf8 } from 'node:buffer';
import { type BigIntStats, constants, read } from 'node:fs';
import { opendir, readlink, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import type { TarEntryInput } from '@shiplog/oci';
import { closeFile, openEntry, openFile, pathOf, refuseTooDeep, statOf } from './descriptor.ts';
import { errnoOf } from './errno.ts';
import { nodeOf } from './tree-copy.ts';

const readInto = promisify(read);

/** Files with several names that are remembered; of more, each name is told with the content. */
const LINKS_LIMIT = 1_000_000;
const CHUNK_BYTES = 128 * 1024;

/** File systems whose files the kernel makes up, by type (statfs(2), linux/magic.h): proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, mqueue. */
const MADE_UP: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11, 0x19800202,
]);

const CAPABILITY = 'security.capability';
const EXECUTABLE = 0o111n;

/** Where an entry stands: in a directory that is open, under one name. */
export interface Standing {
  readonly directory: number;
  readonly name: string;
}

export interface TreeReading {
  readonly kernel: Kernel;
  /**
   * Extended attributes that are read. `capabilities`: those of files that can be executed, as Docker has them in its archives. `all`: every one, but for what
   * belongs to this host's file systems and security modules (`trusted.*`, `security.selinux`).
   */
  readonly xattrs: 'capabilities' | 'all';
}

type Entries = AsyncGenerator<TarEntryInput, void, undefined>;

/**
 * Reads files of a tree that others may write to meanwhile, and work against it, as the entries of one tar. Each is held by its descriptor, and found by one
 * name in a directory that is held: nothing outside of the tree is read, whatever is moved or linked. Nothing is followed, opened or waited for but regular
 * files and directories. What goes meanwhile is left out, and so are sockets, which mean nothing without their process. A file is told with the size it had: one that shrinks
 * makes writeTar throw. Files that have several names are told once, and then as hard links.
 *
 * An entry's content is to be read before the next entry is asked for. Throws NOT_SUPPORTED for a name that is not UTF-8, or for directories that lie too deep.
 */
export class TreeReader {
  readonly #kernel: Kernel;
  readonly #xattrs: TreeReading['xattrs'];
  /** Whether a file system has files of its own, by device. */
  readonly #madeUp = new Map<bigint, boolean>();
  /** The first name of each file that has several, by device and inode. */
  readonly #links = new Map<string, string>();

  constructor({ kernel, xattrs }: TreeReading) {
    this.#kernel = kernel;
    this.#xattrs = xattrs;
  }

  /** What `place` (a descriptor) holds, under the name `name`, with all beneath it if it is a directory. Of anything else, links and attributes take where it stands. */
  tree(place: number, name: string, standing?: Standing): Entries {
    return this.#tree(place, name, standing, 0);
  }

  /** What is in a directory, without itself. `prefix`, of their names, ends in a slash or is empty. */
  beneath(directory: number, prefix: string): Entries {
    return this.#beneath(directory, prefix, 0);
  }

  /** What stands there, without what is beneath it: one entry, or none. */
  async *alone(standing: Standing, name: string): Entries {
    const place = await openEntry(standing.directory, standing.name);
    if (place === undefined) return;
    try {
      const entry = await this.#entry(place, await statOf(place), name, standing);
      if (entry !== undefined) yield entry;
    } finally {
      await closeFile(place);
    }
  }

  async *#tree(place: number, name: string, standing: Standing | undefined, depth: number): Entries {
    const stats = await statOf(place);
    const entry = await this.#entry(place, stats, name, standing);
    if (entry === undefined) return;
    yield entry;
    // What the kernel makes up when it is read is no file of the tree's.
    if (entry.type === 'directory' && !(await this.#isMadeUp(place, stats.dev))) yield* this.#beneath(place, entry.name, depth);
  }

  async *#beneath(directory: number, prefix: string, depth: number): Entries {
    refuseTooDeep(depth, prefix);
    for await (const name of namesIn(directory, prefix)) {
      const place = await openEntry(directory, name);
      if (place === undefined) continue;
      try {
        yield* this.#tree(place, `${prefix}${name}`, { directory, name }, depth + 1);
      } finally {
        await closeFile(place);
      }
    }
  }

  async #entry(place: number, stats: BigIntStats, name: string, standing: Standing | undefined): Promise<TarEntryInput | undefined> {
    if (stats.isSocket()) return undefined;
    const common = { ...commonOf(stats), xattrs: await this.#attributes(stats, standing) };
    if (stats.isDirectory()) return { ...common, type: 'directory', name: name.endsWith('/') ? name : `${name}/` };
    const first = this.#firstName(stats, name);
    if (first !== undefined) return { ...common, type: 'hardlink', name, linkName: first };
    if (stats.isFile()) {
      const size = Number(stats.size);
      return { ...common, type: 'file', name, size, content: contentOf(place, size) };
    }
    if (!stats.isSymbolicLink()) return { ...common, ...nodeOf(stats), name };
    const linkName = standing === undefined ? undefined : await ifThere(readlink(pathOf(standing.directory, standing.name)));
    return linkName === undefined ? undefined : { ...common, type: 'symlink', name, linkName };
  }

  /** Asked once of each file system. */
  async #isMadeUp(place: number, device: bigint): Promise<boolean> {
    const known = this.#madeUp.get(device);
    if (known !== undefined) return known;
    const madeUp = MADE_UP.has((await statfs(pathOf(place))).type);
    this.#madeUp.set(device, madeUp);
    return madeUp;
  }

  #firstName({ nlink, dev, ino }: BigIntStats, name: string): string | undefined {
    if (nlink < 2n) return undefined;
    const key = `${dev}:${ino}`;
    const first = this.#links.get(key);
    if (first === undefined && this.#links.size < LINKS_LIMIT) this.#links.set(key, name);
    return first;
  }

  async #attributes(stats: BigIntStats, standing: Standing | undefined): Promise<ReadonlyMap<string, Uint8Array>> {
    if (standing === undefined) return NO_ATTRIBUTES;
    const { files } = this.#kernel;
    const at = pathOf(standing.directory, standing.name);
    // Only what can be executed has any use for capabilities.
    const names =
      this.#xattrs === 'all'
        ? ((await ifThere(files.listXattrs(at))) ?? []).filter((name) => !name.startsWith('trusted.') && name !== 'security.selinux')
        : stats.isFile() && (stats.mode & EXECUTABLE) !== 0n
          ? [CAPABILITY]
          : [];
    if (names.length === 0) return NO_ATTRIBUTES;
    const found = new Map<string, Uint8Array>();
    for (const name of names) {
      const value = await ifThere(files.getXattr(at, name));
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }
}

const NO_ATTRIBUTES: ReadonlyMap<string, Uint8Array> = new Map();

function commonOf({ mode, uid, gid, mtimeNs }: BigIntStats) {
  return { mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid), size: 0, major: 0, minor: 0, mtimeNs, linkName: '' };
}

/** Names in a directory, as they come: there may be millions. */
async function* namesIn(directory: number, prefix: string): AsyncGenerator<string, void, undefined> {
  // Node's types know no names as bytes here; the option is documented.
  const entries = await opendir(pathOf(directory), { encoding: 'buffer' as BufferEncoding });
  for await (const entry of entries) {
    const name = entry.name as unknown as Buffer;
    if (!isUtf8(name)) {
      const shown = `${prefix}${name.toString('latin1')}`;
      throw new ShiplogError('NOT_SUPPORTED', `the name of a file is not UTF-8: ${JSON.stringify(shown)}`, { path: shown });
    }
    yield name.toString('utf8');
  }
}

/** Undefined where it went, or where something else took its place. */
async function ifThere<T>(look: Promise<T>): Promise<T | undefined> {
  try {
    return await look;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/** A regular file's first `size` bytes, of the very file that `place` holds. */
async function* contentOf(place: number, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  if (size === 0) return;
  const file = await openFile(pathOf(place), constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    for (let left = size; left > 0;) {
      const chunk = Buffer.allocUnsafe(Math.min(left, CHUNK_BYTES));
      const { bytesRead } = await readInto(file, chunk, 0, chunk.length, null);
      if (bytesRead === 0) return;
      left -= bytesRead;
      yield chunk.subarray(0, bytesRead);
    }
  } finally {
    await closeFile(file);
  }
}
