import type { BigIntStats } from 'node:fs';
import { link, lstat, mkdir, open, readdir, readlink, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { errnoOf } from './errno.ts';
import { copyAttributes, copyOne, type TreeCopy } from './tree-copy.ts';
import { walkTree } from './tree-walk.ts';
import { WorkPool } from './work-pool.ts';

const PARALLEL_ENTRIES = 8;
const CHUNK_BYTES = 256 * 1024;

/**
 * Makes the tree `to`, which exists, like the tree `from`: same content, owners, modes, times, extended attributes, devices, fifos and hard links.
 * Only what differs is written, so that `to` goes on sharing the rest with what it was made of; times alone are not believed, content is
 * compared. Sockets are left out. Nobody may write to either meanwhile. Does not sync. Repeating it changes nothing.
 *
 * Fails DISK_FULL, CANCELED, DRIVER_FAILED or KERNEL_CALL_FAILED; what is at `to` is then worthless.
 */
export async function mirrorTree({ kernel, from, to, signal }: TreeCopy): Promise<void> {
  const pool = new WorkPool(PARALLEL_ENTRIES);
  const directories: { readonly path: string; readonly stats: BigIntStats }[] = [];
  /** Names of each file that has several, by device and inode. */
  const linked = new Map<string, { readonly stats: BigIntStats; readonly paths: string[] }>();
  const enter = async (path: string, stats: BigIntStats): Promise<void> => {
    directories.push({ path, stats });
    await removeOthers(join(from, path), join(to, path));
  };
  try {
    await enter('', await lstat(from, { bigint: true }));
    for await (const { path, stats } of walkTree(from)) {
      throwIfAborted(signal);
      if (stats.isDirectory()) {
        await makeDirectory(join(to, path));
        await enter(path, stats);
      } else if (stats.nlink > 1n && !stats.isSocket()) {
        const inode = `${stats.dev}:${stats.ino}`;
        const names = linked.get(inode);
        if (names === undefined) linked.set(inode, { stats, paths: [path] });
        else names.paths.push(path);
      } else {
        await pool.start(() => mirrorFile(kernel, from, to, [path], stats));
      }
    }
    await pool.drain();
    // All directories are there now.
    for (const { paths, stats } of linked.values()) {
      throwIfAborted(signal);
      await mirrorFile(kernel, from, to, paths, stats);
    }
    // Last, and from the bottom up, since making an entry changes its directory's time.
    for (const { path, stats } of directories.toReversed()) await mirrorAttributes(kernel, join(from, path), join(to, path), stats);
  } catch (error) {
    throw ShiplogError.wrap(error, 'DRIVER_FAILED', { from, to });
  } finally {
    await pool.settle();
  }
}

/** Deletes what is in directory `to` and not in `from`. */
async function removeOthers(from: string, to: string): Promise<void> {
  const wanted = new Set(await readdir(from));
  for (const name of await readdir(to)) if (!wanted.has(name)) await rm(join(to, name), { recursive: true, force: true });
}

async function makeDirectory(at: string): Promise<void> {
  const present = await find(at);
  if (present?.isDirectory() === true) return;
  if (present !== undefined) await rm(at, { force: true });
  await mkdir(at, 0o700);
}

/** One file, by all the names it has. */
async function mirrorFile(kernel: Kernel, from: string, to: string, paths: readonly string[], stats: BigIntStats): Promise<void> {
  const [first = '', ...others] = paths;
  const [source, target] = [join(from, first), join(to, first)];
  const present = await Promise.all(paths.map((path) => find(join(to, path))));
  const [was] = present;
  const isOne = was !== undefined && present.every((one) => one?.ino === was.ino && one.dev === was.dev);
  if (isOne && was.nlink === BigInt(paths.length) && (await isSame(kernel, source, stats, target, was))) return;
  for (const path of paths) await rm(join(to, path), { recursive: true, force: true });
  await copyOne(kernel, source, target, stats);
  for (const path of others) await link(target, join(to, path));
}

async function mirrorAttributes(kernel: Kernel, from: string, to: string, stats: BigIntStats): Promise<void> {
  if (await hasSameAttributes(kernel, from, stats, to, await lstat(to, { bigint: true }))) return;
  const wanted = await xattrsOf(kernel, from);
  for (const name of (await xattrsOf(kernel, to)).keys()) if (!wanted.has(name)) await kernel.files.removeXattr(to, name);
  await copyAttributes(kernel, from, to, stats);
}

async function isSame(kernel: Kernel, from: string, is: BigIntStats, to: string, was: BigIntStats): Promise<boolean> {
  if (is.rdev !== was.rdev || !(await hasSameAttributes(kernel, from, is, to, was))) return false;
  if (is.isSymbolicLink()) return (await readlink(from)) === (await readlink(to));
  return !is.isFile() || (is.size === was.size && (await haveSameContent(from, to)));
}

/** Kind, mode, owner, time and extended attributes. */
async function hasSameAttributes(kernel: Kernel, from: string, is: BigIntStats, to: string, was: BigIntStats): Promise<boolean> {
  if (is.mode !== was.mode || is.uid !== was.uid || is.gid !== was.gid || is.mtimeNs !== was.mtimeNs) return false;
  const [wanted, found] = [await xattrsOf(kernel, from), await xattrsOf(kernel, to)];
  return wanted.size === found.size && [...wanted].every(([name, value]) => found.get(name)?.equals(value) === true);
}

/** Without those by which an overlay steers itself. */
async function xattrsOf(kernel: Kernel, path: string): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const name of await kernel.files.listXattrs(path)) {
    const value = name.startsWith('trusted.overlay.') ? undefined : await kernel.files.getXattr(path, name);
    if (value !== undefined) found.set(name, Buffer.from(value));
  }
  return found;
}

/** Of two files of the same length. */
async function haveSameContent(one: string, other: string): Promise<boolean> {
  await using first = await open(one);
  await using second = await open(other);
  const [ours, theirs] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  for (let at = 0; ;) {
    const { bytesRead } = await first.read(ours, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return true;
    // A read may come back with less than was asked for.
    for (let done = 0; done < bytesRead;) {
      const step = await second.read(theirs, done, bytesRead - done, at + done);
      if (step.bytesRead === 0) return false;
      done += step.bytesRead;
    }
    if (ours.compare(theirs, 0, bytesRead, 0, bytesRead) !== 0) return false;
    at += bytesRead;
  }
}

async function find(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
