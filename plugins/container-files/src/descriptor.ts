import { close, constants, fstat, type BigIntStats, open } from 'node:fs';
import { promisify } from 'node:util';
import { errnoOf } from '@shiplog/driver-kit';

/** open(2): a descriptor as a place only, which opens no device and waits for no fifo. */
export const O_PATH = 0o10000000;
const O_CLOEXEC = 0o2000000;

const opened = promisify(open);
const closed = promisify(close);

/** open(2). */
export function openFile(path: string, flags: number, mode?: number): Promise<number> {
  return opened(path, flags | O_CLOEXEC, mode);
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

/** close(2). */
export function closeFile(fd: number): Promise<void> {
  return closed(fd);
}

/** What a descriptor is of: of a link itself, where that was opened as a place. */
export function statOf(fd: number): Promise<BigIntStats> {
  return new Promise((resolve, reject) => fstat(fd, { bigint: true }, (error, stats) => (error === null ? resolve(stats) : reject(error))));
}

/** What the descriptor holds, or an entry in it: a path that no one can set elsewhere. Its last name must not be followed. */
export function pathOf(fd: number, name?: string): string {
  return name === undefined ? `/proc/self/fd/${fd}` : `/proc/self/fd/${fd}/${name}`;
}
