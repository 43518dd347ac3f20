import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open, readlink } from 'node:fs/promises';
import { type Kernel, type PathChange, ShiplogError } from '@shiplog/contracts';
import { errnoOf, nodeOf, throwIfAborted } from '@shiplog/driver-kit';
import type { LayerEntry } from '@shiplog/oci';

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
const CHUNK_BYTES = 256 * 1024;
const WHITEOUT = '.wh.';

/** What a path meets that somebody changes meanwhile. */
const CHANGED: ReadonlySet<string> = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO']);

/** A directory on the way, open. */
interface Opened {
  /** From the root, without a slash at either end; '' is the root. */
  readonly path: string;
  readonly handle: FileHandle;
}

export interface TreeReading {
  readonly kernel: Kernel;
  /** A directory that somebody else may write to meanwhile, and who does is not trusted. */
  readonly tree: string;
  /** A directory before what is in it. */
  readonly changes: readonly PathChange[];
  readonly signal: AbortSignal;
}

/**
 * Reads what changed in a tree as the entries of a layer. Directories are opened one below the other and never through a link, so that nothing
 * outside the tree is read whatever is put into a path's way. What goes meanwhile is left out, a file that shrinks is filled up with zeros, and of one
 * that grows its first length counts. Sockets are left out: they mean nothing without their process.
 *
 * Throws ARCHIVE_INVALID for a name that a layer would take for a deletion, or CANCELED.
 */
export async function* changedEntries({ kernel, tree, changes, signal }: TreeReading): AsyncGenerator<LayerEntry, void, undefined> {
  const opened: Opened[] = [{ path: '', handle: await open(tree, O_RDONLY | O_DIRECTORY | O_NOFOLLOW) }];
  /** First name of each file that has several, by device and inode. */
  const linked = new Map<string, string>();
  try {
    for (const { path: absolute, kind } of changes) {
      throwIfAborted(signal);
      const path = absolute.slice(1);
      const cut = path.lastIndexOf('/');
      const [parent, name] = [path.slice(0, Math.max(cut, 0)), path.slice(cut + 1)];
      if (kind === 'deleted') {
        yield { ...NOTHING, path, kind: 'whiteout' };
        continue;
      }
      if (name.startsWith(WHITEOUT))
        throw new ShiplogError('ARCHIVE_INVALID', `${absolute} cannot be in a layer: its name would delete something there`, {
          path: absolute,
        });
      const entry = await ifThere(async () => {
        const directory = await enter(opened, parent);
        return entryOf(kernel, { path, at: `/proc/self/fd/${directory.fd}/${name}` }, linked);
      });
      if (entry !== undefined) yield entry;
    }
  } finally {
    await Promise.all(opened.map(({ handle }) => handle.close()));
  }
}

/** Opens a directory by the ones above it; those that are not on the way any more are closed. */
async function enter(opened: Opened[], path: string): Promise<FileHandle> {
  const isAbove = (one: Opened): boolean => one.path === '' || path === one.path || path.startsWith(`${one.path}/`);
  for (let last = opened.at(-1); last !== undefined && !isAbove(last); last = opened.at(-1)) {
    opened.pop();
    await last.handle.close();
  }
  let at = opened.at(-1)!;
  const rest = path.slice(at.path === '' ? 0 : at.path.length + 1);
  for (const name of rest === '' ? [] : rest.split('/')) {
    const handle = await open(`/proc/self/fd/${at.handle.fd}/${name}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    at = { path: at.path === '' ? name : `${at.path}/${name}`, handle };
    opened.push(at);
  }
  return at.handle;
}

/** Undefined for a socket. */
async function entryOf(
  kernel: Kernel,
  { path, at }: { readonly path: string; readonly at: string },
  linked: Map<string, string>,
): Promise<LayerEntry | undefined> {
  const stats = await lstat(at, { bigint: true });
  if (stats.isSocket()) return undefined;
  const common = { ...NOTHING, ...attributesOf(stats), path, xattrs: await xattrsOf(kernel, at) };
  if (stats.isDirectory()) return { ...common, kind: 'directory' };
  if (stats.nlink > 1n) {
    const inode = `${stats.dev}:${stats.ino}`;
    const first = linked.get(inode);
    if (first !== undefined) return { ...common, kind: 'hardlink', linkTarget: first };
    linked.set(inode, path);
  }
  if (stats.isSymbolicLink()) return { ...common, kind: 'symlink', linkTarget: await readlink(at) };
  if (stats.isFile()) return fileEntry(common, at);
  const { type, major = 0, minor = 0 } = nodeOf(stats);
  return { ...common, kind: type, major, minor };
}

/** Opened now, so that what is told of it and its content are of one file. */
async function fileEntry(common: Omit<LayerEntry, 'kind' | 'content'>, at: string): Promise<LayerEntry | undefined> {
  // Another kind may stand there by now; opening a fifo must not wait.
  const handle = await open(at, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  const stats = await handle.stat({ bigint: true });
  if (!stats.isFile()) {
    await handle.close();
    return undefined;
  }
  const size = Number(stats.size);
  return { ...common, ...attributesOf(stats), kind: 'file', size, content: contentOf(handle, size) };
}

/** Exactly `size` bytes. */
async function* contentOf(handle: FileHandle, size: number): AsyncGenerator<Uint8Array, void, undefined> {
  try {
    for (let at = 0; at < size;) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, size - at));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, at);
      // Cut meanwhile: zeros for what is missing.
      const bytes = bytesRead === 0 ? chunk.length : bytesRead;
      yield chunk.subarray(0, bytes);
      at += bytes;
    }
  } finally {
    await handle.close();
  }
}

/** Without those that belong to this host's file systems and security modules, and not to the content. */
async function xattrsOf(kernel: Kernel, at: string): Promise<ReadonlyMap<string, Uint8Array>> {
  const found = new Map<string, Uint8Array>();
  for (const name of await kernel.files.listXattrs(at)) {
    if (name.startsWith('trusted.') || name === 'security.selinux') continue;
    const value = await kernel.files.getXattr(at, name);
    if (value !== undefined) found.set(name, value);
  }
  return found;
}

function attributesOf({ mode, uid, gid, mtimeNs }: BigIntStats) {
  return { mode: Number(mode) & 0o7777, uid: Number(uid), gid: Number(gid), mtimeNs };
}

const NOTHING = { mode: 0, uid: 0, gid: 0, mtimeNs: 0n, size: 0, xattrs: new Map<string, Uint8Array>() } as const;

async function ifThere<T>(look: () => Promise<T>): Promise<T | undefined> {
  try {
    return await look();
  } catch (error) {
    if (CHANGED.has(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
