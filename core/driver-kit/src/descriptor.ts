import { close, constants, fstat, type BigIntStats, open } from 'node:fs';
import { ShiplogError } from '@shiplog/contracts';
import { errnoOf } from './errno.ts';

/** open(2): a descriptor as a place only, which opens no device and waits for no fifo. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

/** A directory is read, or emptied, while those above it are open: so many at most. */
export const DEPTH_LIMIT = 512;

// Node's calls are looked up when they are made, so that a test that puts itself in their way is met.

/** open(2). */
export function openFile(path: string, flags: number, mode?: number): Promise<number> {
  return new Promise((resolve, reject) =>
    open(path, flags | O_CLOEXEC, mode, (error, fd) => (error === null ? resolve(fd) : reject(error))),
  );
}

/** Opens an entry of a directory as a place, without following it; undefined where there is none. `name` is one name. */
export async function openEntry(directory: number, name: string): Promise<number | undefined> {
  try {
    return await openFile(pathOf(directory, name), O_PATH | constants.O_NOFOLLOW);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Opens a directory, to read it and what is in it, unless its last name is a link (ELOOP, ENOTDIR). */
export function openDirectory(path: string): Promise<number> {
  return openFile(path, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW);
}

/** close(2). */
export function closeFile(fd: number): Promise<void> {
  return new Promise((resolve, reject) => close(fd, (error) => (error ? reject(error) : resolve())));
}

/** What a descriptor is of: of a link itself, where that was opened as a place. */
export function statOf(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => fstat(fd, { bigint: true }, (error, stats) => (error === null ? resolve(stats) : reject(error))));
}

/** What the descriptor holds, or an entry in it: a path that no one can set elsewhere. Its last name must not be followed. */
export function pathOf(fd: number, name?: string): string {
  return name === undefined ? `/proc/self/fd/${fd}` : `/proc/self/fd/${fd}/${name}`;
}

/** Throws NOT_SUPPORTED where directories lie deeper than that they can all be open at once. */
export function refuseTooDeep(depth: number, path: string): void {
  if (depth < DEPTH_LIMIT) return;
  const shown = path.slice(0, 200);
  throw new ShiplogError('NOT_SUPPORTED', `directories lie more than ${DEPTH_LIMIT} deep: ${shown}`, { path: shown });
}
