import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { type Kernel, ShiplogError } from '@shiplog/contracts';
import { errnoOf, type ResolvedUser, resolveUser } from '@shiplog/driver-kit';

/** Files larger than this are no user databases. */
const LIMIT = 4 << 20;

/** Resolves `user[:group]` and more groups, names or numbers, by the container's own passwd(5) and group(5). */
export function userIn(kernel: Kernel, rootfs: string, spec: string, groups: readonly string[]): Promise<ResolvedUser> {
  return resolveUser((path) => textOf(kernel, rootfs, path), spec, groups);
}

/** A regular file's text; '' for anything else. An image may put a fifo, a device or a file without end there: opening must not wait. */
async function textOf(kernel: Kernel, rootfs: string, path: string): Promise<string> {
  try {
    const real = await kernel.files.resolveBeneath(rootfs, path);
    const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY);
    try {
      const info = await file.stat();
      return info.isFile() && info.size <= LIMIT ? await file.readFile('utf8') : '';
    } finally {
      await file.close();
    }
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'PATH_NOT_FOUND') return '';
    if (['ENOENT', 'EISDIR', 'ENOTDIR', 'ELOOP', 'ENXIO'].includes(errnoOf(error) ?? '')) return '';
    throw error;
  }
}
