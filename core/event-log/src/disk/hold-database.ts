import { link, mkdir, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Level } from 'level';
import { ShiplogError } from '@shiplog/contracts';
import { hostFault } from './host-fault.ts';

/**
 * Keeps other processes from opening a database of LevelDB's while its files are read or moved, without opening it, since that changes it. Answers
 * with what lets it go, also after it was moved. Throws ENGINE_LOCKED if another process has it open, PATH_NOT_FOUND, and HOST_UNSUITABLE where
 * nothing can be written.
 *
 * LevelDB locks the file LOCK in its directory, and such a lock is the inode's (fcntl_locking(2)): an empty database beside it shares that file.
 */
export async function holdDatabase(path: string): Promise<() => Promise<void>> {
  const beside = `${path}.held`;
  const lock = join(path, 'LOCK');
  try {
    await (await open(lock, 'a')).close();
    await rm(beside, { recursive: true, force: true });
    await mkdir(beside);
    await link(lock, join(beside, 'LOCK'));
  } catch (error) {
    throw notHeld(path, error as NodeJS.ErrnoException);
  }
  const holder = new Level(beside, { createIfMissing: true });
  const release = async (): Promise<void> => {
    await holder.close();
    await rm(beside, { recursive: true, force: true });
  };
  try {
    await holder.open();
  } catch (error) {
    await release();
    throw hostFault(path, error) ?? error;
  }
  return release;
}

function notHeld(path: string, error: NodeJS.ErrnoException): unknown {
  const { code = '' } = error;
  const directory = dirname(path);
  if (code === 'ENOENT' || code === 'ENOTDIR')
    return new ShiplogError('PATH_NOT_FOUND', `there is no log at ${directory}`, { path: directory }, { cause: error });
  if (code !== 'EROFS' && code !== 'EACCES' && code !== 'EPERM') return error;
  const message = `${directory} cannot be written (${code}), and LevelDB writes where it reads: copy the log, and name the copy`;
  return new ShiplogError('HOST_UNSUITABLE', message, { path: directory }, { cause: error });
}
