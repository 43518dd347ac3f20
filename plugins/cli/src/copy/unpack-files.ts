import { constants, type Stats } from 'node:fs';
import { chmod, lchown, link, lstat, lutimes, mkdir, open, rm, symlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { cleanLayerPath, type TarEntry } from '@shiplog/oci';
import { CliError } from '../cli-error.ts';

export interface Unpacking {
  /** Where the first name of the archive comes to lie: an existing directory, or what is to be made. */
  readonly target: string;
  /** Keep owners and setuid bits as the archive has them; else all belongs to who copies, and has none. */
  readonly archive: boolean;
  /** Told what is not made here: devices and fifos. */
  readonly skipped: (name: string) => void;
}

/**
 * Writes what a container sent to `target`, under the name that has. The container may be hostile: nothing is written through a link, nothing outside of `target`, and
 * a directory is never replaced by something else, nor something else by a directory.
 */
export async function unpackFiles(entries: AsyncIterable<TarEntry>, unpacking: Unpacking): Promise<void> {
  const times: (readonly [path: string, time: number])[] = [];
  for await (const entry of entries) {
    const at = placeOf(entry.name, unpacking.target);
    await refuseLinksAbove(at, unpacking.target);
    const present = await found(at);
    if (entry.type === 'directory') {
      if (present?.isDirectory() !== true) {
        if (present !== undefined) throw refused(at, 'is not a directory, and one is to be copied there');
        await mkdir(at, { mode: 0o700 });
        await settle(at, entry, unpacking);
        times.push([at, secondsOf(entry)]);
      }
      continue;
    }
    if (present?.isDirectory() === true) throw refused(at, 'is a directory, and something else is to be copied there');
    if (entry.type === 'char' || entry.type === 'block' || entry.type === 'fifo') {
      unpacking.skipped(entry.name);
      continue;
    }
    if (present !== undefined) await rm(at);
    if (entry.type === 'symlink') {
      await symlink(entry.linkName, at);
      if (unpacking.archive) await lchown(at, entry.uid, entry.gid);
      continue;
    }
    if (entry.type === 'hardlink') {
      const from = placeOf(entry.linkName, unpacking.target);
      await refuseLinksAbove(from, unpacking.target);
      await link(from, at);
      continue;
    }
    await writeContent(at, entry);
    await settle(at, entry, unpacking);
    await lutimes(at, secondsOf(entry), secondsOf(entry));
  }
  for (const [path, time] of times.toReversed()) await lutimes(path, time, time);
}

/** The archive's first name stands for the target itself. */
function placeOf(name: string, target: string): string {
  const clean = cleanLayerPath(name);
  const slash = clean.indexOf('/');
  // Of the root, and of what is in a directory, entries have no first name of their own.
  const inside = name.startsWith('/') || name.startsWith('./') || name === '.' ? clean : slash === -1 ? '.' : clean.slice(slash + 1);
  return inside === '.' ? target : join(target, inside);
}

/** A link in the way would lead elsewhere. */
async function refuseLinksAbove(path: string, target: string): Promise<void> {
  if (path === target) return;
  for (let above = dirname(path); above.length >= target.length; above = dirname(above)) {
    if ((await found(above))?.isSymbolicLink() === true) throw refused(above, 'is a symbolic link, and files are to be copied through it');
  }
}

async function found(path: string): Promise<Stats | undefined> {
  return lstat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

async function writeContent(at: string, entry: TarEntry): Promise<void> {
  const file = await open(at, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW, 0o600);
  try {
    for await (const chunk of entry.content) for (let done = 0; done < chunk.length;) done += (await file.write(chunk, done)).bytesWritten;
  } finally {
    await file.close();
  }
}

async function settle(at: string, { uid, gid, mode }: TarEntry, { archive }: Unpacking): Promise<void> {
  if (archive) await lchown(at, uid, gid);
  await chmod(at, mode & (archive ? 0o7777 : 0o777));
}

function secondsOf({ mtimeNs }: TarEntry): number {
  return Number(mtimeNs) / 1e9;
}

function refused(path: string, problem: string): CliError {
  return new CliError(`${path} ${problem}`, { hint: 'copy to another place, or move what is there' });
}
