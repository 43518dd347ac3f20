import { type BigIntStats, constants } from 'node:fs';
import { chmod, copyFile, lchown, link, lstat, mkdir, readlink, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { throwIfAborted } from './abort.ts';
import { walkTree } from './tree-walk.ts';
import { WorkPool } from './work-pool.ts';

export interface TreeCopy {
  readonly kernel: Kernel;
  /** A directory nobody writes to meanwhile. */
  readonly from: string;
  /** Must not exist; its parent must. */
  readonly to: string;
  readonly signal?: AbortSignal;
}

const PARALLEL_COPIES = 8;

/**
 * Copies a tree with all that belongs to it: owners, all mode bits, times in nanoseconds, extended attributes, devices,
 * fifos, hard links among its files, and the attributes of the root directory itself. File contents are shared with the
 * source where the file system can (FICLONE, ioctl_ficlone(2)). Sockets are left out: they mean nothing without their
 * process. Does not sync.
 *
 * Fails DISK_FULL, CANCELED, DRIVER_FAILED or KERNEL_CALL_FAILED; what is at `to` is then worthless.
 */
export async function copyTree({ kernel, from, to, signal }: TreeCopy): Promise<void> {
  const pool = new WorkPool(PARALLEL_COPIES);
  const directories: { readonly path: string; readonly stats: BigIntStats }[] = [];
  /** First copy of each file that has several names, by inode. */
  const linked = new Map<bigint, string>();
  try {
    await mkdir(to, 0o700);
    directories.push({ path: '', stats: await lstat(from, { bigint: true }) });
    for await (const { path, stats } of walkTree(from)) {
      throwIfAborted(signal);
      const target = join(to, path);
      if (stats.isDirectory()) {
        await mkdir(target, 0o700);
        directories.push({ path, stats });
      } else if (stats.nlink > 1n && !stats.isSocket()) {
        const first = linked.get(stats.ino);
        if (first === undefined) {
          linked.set(stats.ino, target);
          await copyOne(kernel, join(from, path), target, stats);
        } else await link(first, target);
      } else {
        await pool.start(() => copyOne(kernel, join(from, path), target, stats));
      }
    }
    await pool.drain();
    // Last, and from the bottom up, since making an entry changes its directory's time.
    for (const { path, stats } of directories.toReversed()) await copyAttributes(kernel, join(from, path), join(to, path), stats);
  } catch (error) {
    throw ShiplogError.wrap(error, 'DRIVER_FAILED', { from, to });
  } finally {
    await pool.settle();
  }
}

/** Anything but a directory, to where nothing is. */
export async function copyOne(kernel: Kernel, from: string, to: string, stats: BigIntStats): Promise<void> {
  if (stats.isSocket()) return;
  if (stats.isFile()) await copyFile(from, to, constants.COPYFILE_EXCL | constants.COPYFILE_FICLONE);
  else if (stats.isSymbolicLink()) await symlink(await readlink(from), to);
  else await kernel.files.mknod(to, nodeOf(stats));
  await copyAttributes(kernel, from, to, stats);
}

/** Gives `to` the owner, mode, extended attributes and times of `from`, whose `stats` are given. */
export async function copyAttributes(kernel: Kernel, from: string, to: string, stats: BigIntStats): Promise<void> {
  // chown(2) drops setuid bits and file capabilities, so it comes first.
  await lchown(to, Number(stats.uid), Number(stats.gid));
  for (const name of await kernel.files.listXattrs(from)) {
    // How an overlay made the source is no property of its content.
    if (name.startsWith('trusted.overlay.')) continue;
    const value = await kernel.files.getXattr(from, name);
    if (value !== undefined) await kernel.files.setXattr(to, name, value);
  }
  if (!stats.isSymbolicLink()) await chmod(to, Number(stats.mode) & 0o7777);
  await kernel.files.setTimes(to, stats.atimeNs, stats.mtimeNs);
}

/** A device or fifo by its kind and numbers. */
export function nodeOf(stats: BigIntStats): Parameters<Kernel['files']['mknod']>[1] {
  const mode = Number(stats.mode) & 0o7777;
  if (stats.isFIFO()) return { type: 'fifo', mode };
  const device = BigInt(stats.rdev);
  return {
    type: stats.isBlockDevice() ? 'block' : 'char',
    mode,
    // makedev(3) as glibc splits a 64-bit dev_t.
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & 0xfffff000n)),
    minor: Number((device & 0xffn) | ((device >> 12n) & 0xffffff00n)),
  };
}
