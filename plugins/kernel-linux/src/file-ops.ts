import { chmodSync, closeSync, constants, openSync, readlinkSync } from 'node:fs';
import { posix } from 'node:path';
import type { FileCalls } from '@shiplog/contracts';
import { errnoOf, kernelError, Refusal } from './kernel-error.ts';
import { libc } from './libc.ts';

const TYPES = { char: 0o020000, block: 0o060000, fifo: 0o010000 } as const;

export const O_PATH = 0o10000000;
export const O_CLOEXEC = 0o2000000;
const RESOLVE_NO_MAGICLINKS = 0x02;
const RESOLVE_IN_ROOT = 0x10;

/** As many symlinks as the kernel follows in one path (path_resolution(7)). */
const SYMLINK_LIMIT = 40;

/** openat2 answers EAGAIN when something is renamed under it; it asks to try again. */
const RACE_LIMIT = 64;

const NANOSECONDS = 1_000_000_000n;

type Node = Parameters<FileCalls['mknod']>[1];

/** A device number as the kernel takes it (makedev(3)): 12 and 20 low bits first, the rest above them. */
export function deviceNumber(major: number, minor: number): bigint {
  const [ma, mi] = [BigInt(major), BigInt(minor)];
  return ((ma & 0xfffff000n) << 32n) | ((ma & 0xfffn) << 8n) | ((mi & 0xffffff00n) << 12n) | (mi & 0xffn);
}

/** Seconds and nanoseconds of a time; nanoseconds count up also before 1970. */
function timespec(ns: bigint): readonly [seconds: bigint, nanoseconds: bigint] {
  const rest = ((ns % NANOSECONDS) + NANOSECONDS) % NANOSECONDS;
  return [(ns - rest) / NANOSECONDS, rest];
}

/** Opens `path` inside `root` (a descriptor) as a place only, or answers undefined if it is not there. */
export function openInRoot(root: number, path: string, flags: number): number | undefined {
  for (let tries = 0; ; tries += 1) {
    try {
      return libc.openat2(root, path, { flags: O_PATH | O_CLOEXEC | flags, resolve: RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') return undefined;
      if (errnoOf(error) === 'ENOSYS') throw new Refusal('HOST_UNSUITABLE', 'openat2(2) is missing; Linux 5.6 or newer is needed');
      if (errnoOf(error) !== 'EAGAIN' || tries >= RACE_LIMIT) throw error;
    }
  }
}

/** Where a descriptor is, as this process sees it. */
function placeOf(fd: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${fd}`);
  } finally {
    // Not closeSync: node keeps count of the descriptors that it opened itself in a worker.
    libc.close(fd);
  }
}

/** Where the link `name` of a directory points, by its own words. Closes the directory. */
function linkIn(directory: number, name: string): string {
  try {
    return readlinkSync(`/proc/self/fd/${directory}/${name}`);
  } finally {
    libc.close(directory);
  }
}

/** The real path of `path` inside `root` (a descriptor); see FileCalls.resolveBeneath. */
export function resolveIn(root: number, path: string, links: number): string {
  const whole = openInRoot(root, path, 0);
  if (whole !== undefined) return placeOf(whole);
  // The last component is missing, or it is a symlink to something missing, or a directory on the way is.
  const directory = openInRoot(root, posix.dirname(path), constants.O_DIRECTORY);
  const name = posix.basename(path);
  if (directory === undefined || name === '..' || name === '.' || name === '') {
    if (directory !== undefined) libc.close(directory);
    throw new Refusal('PATH_NOT_FOUND', `a directory on the way to ${path} does not exist`, { path });
  }
  const entry = openInRoot(root, path, constants.O_NOFOLLOW);
  if (entry === undefined) return posix.join(placeOf(directory), name);
  libc.close(entry);
  if (links >= SYMLINK_LIMIT) {
    libc.close(directory);
    throw kernelError('openat2', 'ELOOP', { path });
  }
  const target = linkIn(directory, name);
  // A relative link starts at the link's directory. `..` is left to the kernel, so nothing is normalised here.
  return resolveIn(root, target.startsWith('/') ? target : `${posix.dirname(path)}/${target}`, links + 1);
}

/** Reads an attribute or a list of names: asks for the size, then for the bytes, again if it grew meanwhile. */
function readSized(read: (into: Uint8Array) => number): Uint8Array {
  for (;;) {
    const size = read(new Uint8Array(0));
    if (size === 0) return new Uint8Array(0);
    const bytes = new Uint8Array(size);
    try {
      return bytes.subarray(0, read(bytes));
    } catch (error) {
      if (errnoOf(error) !== 'ERANGE') throw error;
    }
  }
}

/** What runs in a kernel thread. */
export const fileOps = {
  mknod(path: string, node: Node): void {
    libc.mknod(path, TYPES[node.type] | (node.mode & 0o7777), deviceNumber(node.major ?? 0, node.minor ?? 0));
    // The umask took bits away; the mode asked for is meant exactly. By descriptor: chmod(2) would follow a link that somebody put there meanwhile.
    const made = openSync(path, O_PATH | constants.O_NOFOLLOW | O_CLOEXEC);
    try {
      chmodSync(`/proc/self/fd/${made}`, node.mode & 0o7777);
    } finally {
      closeSync(made);
    }
  },

  setXattr(file: string | number, name: string, value: Uint8Array): void {
    if (typeof file === 'number') libc.fsetxattr(file, name, value);
    else libc.lsetxattr(file, name, value);
  },

  getXattr(path: string, name: string): Uint8Array | undefined {
    try {
      return readSized((into) => libc.lgetxattr(path, name, into));
    } catch (error) {
      if (['ENODATA', 'EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error))) return undefined;
      throw error;
    }
  },

  listXattrs(path: string): readonly string[] {
    try {
      const names = Buffer.from(readSized((into) => libc.llistxattr(path, into))).toString('utf8');
      return names.split('\0').filter((name) => name !== '');
    } catch (error) {
      if (['EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error))) return [];
      throw error;
    }
  },

  removeXattr(path: string, name: string): void {
    try {
      libc.lremovexattr(path, name);
    } catch (error) {
      if (errnoOf(error) !== 'ENODATA') throw error;
    }
  },

  setTimes(path: string, accessNs: bigint, modifyNs: bigint): void {
    libc.utimensat(path, new BigInt64Array([...timespec(accessNs), ...timespec(modifyNs)]));
  },

  resolveBeneath(root: string, path: string): string {
    const fd = openSync(root, O_PATH | constants.O_DIRECTORY | O_CLOEXEC);
    try {
      return resolveIn(fd, path === '' ? '/' : path, 0);
    } finally {
      closeSync(fd);
    }
  },

  punchHole(path: string, offset: number, length: number): boolean {
    const fd = openSync(path, constants.O_WRONLY | O_CLOEXEC);
    try {
      libc.punchHole(fd, offset, length, path);
      return true;
    } catch (error) {
      if (['EOPNOTSUPP', 'ENOTSUP'].includes(errnoOf(error))) return false;
      throw error;
    } finally {
      closeSync(fd);
    }
  },

  syncFilesystem(path: string): void {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      libc.syncfs(fd, path);
    } finally {
      closeSync(fd);
    }
  },
};
