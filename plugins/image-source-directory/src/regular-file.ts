import { constants, open, type FileHandle } from 'node:fs/promises';
import { errnoOf } from '@shiplog/driver-kit';

/**
 * Opens a regular file to read; undefined where there is none, or something else: a link may lead anywhere, and a pipe is read for ever.
 */
export async function openRegular(path: string): Promise<FileHandle | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ELOOP', 'ENXIO', 'ENAMETOOLONG'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
  if ((await handle.stat()).isFile()) return handle;
  await handle.close();
  return undefined;
}

/** What a regular file of at most `limit` bytes holds; undefined where there is none. Throws RangeError for a larger one. */
export async function readRegular(path: string, limit: number): Promise<Buffer | undefined> {
  await using handle = await openRegular(path);
  if (handle === undefined) return undefined;
  const { size } = await handle.stat();
  if (size > limit) throw new RangeError(`${path} has ${size} bytes, more than ${limit}`);
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead);
}
