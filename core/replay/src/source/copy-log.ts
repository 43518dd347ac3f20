import { constants } from 'node:fs';
import { chmod, copyFile, mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What says that nothing, no directory or a link in circles is there. */
const NONE = new Set(['ENOENT', 'ENOTDIR', 'ELOOP']);
/** What a log directory has: files, and directories of files. */
const PARTS = ['db', 'archive', 'snapshots', 'witness', 'fresh'];

/** Copies a log directory to where nothing is. The copy can be written, whatever the original's modes are, and shares no file with it by a link: opening it changes and removes files. */
export async function copyLog(directory: string, copy: string): Promise<void> {
  await mkdir(copy, { mode: 0o700 });
  for (const part of PARTS) {
    const [from, to] = [join(directory, part), join(copy, part)];
    const names = await readdir(from).catch(unlessNone);
    if (names === undefined) await copyIfFile(from, to);
    else await mkdir(to, { mode: 0o700 });
    for (const name of names ?? []) await copyIfFile(join(from, name), join(to, name));
  }
}

async function copyIfFile(from: string, to: string): Promise<void> {
  if ((await stat(from).catch(unlessNone))?.isFile() !== true) return;
  await copyFile(from, to, constants.COPYFILE_FICLONE);
  await chmod(to, 0o600);
}

function unlessNone(error: NodeJS.ErrnoException): undefined {
  if (!NONE.has(error.code ?? '')) throw error;
}
