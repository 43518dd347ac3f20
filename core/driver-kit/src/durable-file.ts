import { open, readFile, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';
import { syncDirectory, temporaryPath } from './safe-remove.ts';

/** Creates the file `path` (0600) with `content`, and syncs it; its directory is the caller's to sync. */
export async function writeDurably(path: string, content: string): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes `content` what the file `path` holds (0600): all of it or what was there before, also after power loss. */
export async function replaceDurably(path: string, content: string): Promise<void> {
  const directory = dirname(path);
  const temporary = temporaryPath(directory);
  await writeDurably(temporary, content);
  await rename(temporary, path);
  await syncDirectory(directory);
}

/** What the file `path` holds, as UTF-8; undefined if there is none. */
export async function readIfThere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
}
