import { isUtf8 } from 'node:buffer';
import { type BigIntStats, constants, read } from 'node:fs';
import { opendir, readlink, statfs } from 'node:fs/promises';
import { promisify } from 'node:util';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf } from '@shiplog/driver-kit';
import type { TarEntryInput, TarEntryType } from '@shiplog/oci';
import { closeFile, openEntry, openFile, pathOf, statOf } from './descriptor.ts';

const readInto = promisify(read);

/** A directory is read while those above it are open. */
const DEPTH_LIMIT = 512;
/** Files with several names that are remembered; of more, each name is told with the content. */
const LINKS_LIMIT = 1_000_000;
const CHUNK_BYTES = 128 * 1024;

/** File systems whose files the kernel makes up, by type (statfs(2), linux/magic.h): proc, sysfs, cgroup, cgroup2, debugfs, tracefs, securityfs, bpf, mqueue. */
const MADE_UP: ReadonlySet<number> = new Set([
  0x9fa0, 0x62656572, 0x27e0eb, 0x63677270, 0x64626720, 0x74726163, 0x73636673, 0xcafe4a11, 0x19800202,
]);

const CAPABILITY = 'security.capability';
const EXECUTABLE = 0o111n;

const TYPES: ReadonlyMap<bigint, TarEntryType> = new Map([
  [0o100000n, 'file'],
  [0o040000n, 'directory'],
  [0o120000n, 'symlink'],
  [0o020000n, 'char'],
  [0o060000n, 'block'],
  [0o010000n, 'fifo'],
]);

/** Where an entry stands. */
interface Standing {
  readonly directory: number;
  readonly name: string;
}

/**
 * Tar entries of what `place` (a descriptor) holds, with all beneath it if it is a directory, under the name `name`. What goes while it is read is left out; a file
 * that grows is told with the size it had. Nothing is followed, opened or waited for but regular files and directories. Sockets are left out.
 */
export async function* entriesAt(
  kernel: Kernel,
  place: number,
  name: string,
  standing?: Standing,
): AsyncGenerator<TarEntryInput, void, undefined> {
  yield* new Reader(kernel).entry(place, name, standing, 0);
}

/** The same of what is in a directory, without itself. `prefix`, of their names, ends in a slash or is empty. */
export async function* directoryEntries(kernel: Kernel, directory: number, prefix: string): AsyncGenerator<TarEntryInput, void, undefined> {
  yield* new Reader(kernel).children(directory, prefix, 0);
}

class Reader {
  readonly #kernel: Kernel;
  /** Whether a file system has files of its own, by device. */
  readonly #madeUp = new Map<bigint, boolean>();
  /** The first name of each file that has several, by device and inode. */
  readonly #links = new Map<string, string>();

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  async *entry(place: number, name: string, standing: Standing | undefined, depth: number): AsyncGenerator<TarEntryInput, void, undefined> {
    const stats = await statOf(place);
    const type = TYPES.get(stats.mode & 0o170000n);
    if (type === undefined) return;
    if (type === 'directory') {
      const prefix = name.endsWith('/') ? name : `${name}/`;
      yield { ...common(stats), type, name: prefix };
      // What the kernel makes up when it is read is no file of the container's.
      if (!(await this.#isMadeUp(place, stats.dev))) yield* this.children(place, prefix, depth);
      return;
    }
    const first = this.#firstName(stats, name);
    if (first !== undefined) {
      yield { ...common(stats), type: 'hardlink', name, linkName: first };
    } else if (type === 'file') {
      yield {
        ...common(stats),
        type,
        name,
        size: Number(stats.size),
        xattrs: await this.#attributes(stats, standing),
        content: contentOf(place, Number(stats.size)),
      };
    } else if (type === 'symlink') {
      const linkName = standing === undefined ? undefined : await targetOf(standing);
      if (linkName !== undefined) yield { ...common(stats), type, name, linkName };
    } else {
      yield { ...common(stats), ...deviceOf(stats, type), type, name };
    }
  }

  async *children(directory: number, prefix: string, depth: number): AsyncGenerator<TarEntryInput, void, undefined> {
    if (depth >= DEPTH_LIMIT) {
      throw new ShiplogError('NOT_SUPPORTED', `directories lie more than ${DEPTH_LIMIT} deep: ${prefix.slice(0, 200)}`, {
        path: prefix.slice(0, 200),
      });
    }
    for await (const name of namesIn(directory, prefix)) {
      const place = await openEntry(directory, name);
      if (place === undefined) continue;
      try {
        yield* this.entry(place, `${prefix}${name}`, { directory, name }, depth + 1);
      } finally {
        await closeFile(place);
      }
    }
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

  /** File capabilities, as Docker has them in its archives; only what can be executed has any use for them. */
  async #attributes({ mode }: BigIntStats, standing: Standing | undefined): Promise<ReadonlyMap<string, Uint8Array>> {
    if (standing === undefined || (mode & EXECUTABLE) === 0n) return NO_ATTRIBUTES;
    try {
      const value = await this.#kernel.files.getXattr(pathOf(standing.directory, standing.name), CAPABILITY);
      return value === undefined ? NO_ATTRIBUTES : new Map([[CAPABILITY, value]]);
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return NO_ATTRIBUTES;
      throw error;
    }
  }
}

const NO_ATTRIBUTES: ReadonlyMap<string, Uint8Array> = new Map();

function common({ mode, uid, gid, mtimeNs }: BigIntStats) {
  const numbers = { mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid), size: 0, major: 0, minor: 0 };
  return { ...numbers, mtimeNs, linkName: '', xattrs: NO_ATTRIBUTES };
}

/** Numbers of a device as makedev(3) puts them together. */
function deviceOf({ rdev }: BigIntStats, type: TarEntryType): { readonly major?: number; readonly minor?: number } {
  if (type === 'fifo') return {};
  return {
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
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

async function targetOf({ directory, name }: Standing): Promise<string | undefined> {
  try {
    return await readlink(pathOf(directory, name));
  } catch (error) {
    // It went, or something else took its place.
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
