import { createReadStream, type BigIntStats } from 'node:fs';
import { lstat, readdir, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { TarEntryInput } from '@shiplog/oci';
import { meansDirectory } from './copy-argument.ts';

/**
 * Tar entries of a file or directory here, under another name; `.` for what is in a directory alone. `follow` is for a link at the path itself. `skipped` is told what no tar has, or only root could make anew:
 * sockets, devices and fifos.
 */
export async function* packFiles(
  path: string,
  name: string,
  follow: boolean,
  skipped: (path: string) => void,
): AsyncGenerator<TarEntryInput, void, undefined> {
  const entry = await packFile(path, name, follow);
  if (entry === undefined) skipped(path);
  else if (entry.type !== 'directory' || name !== '.') yield entry;
  if (entry?.type !== 'directory') return;
  for (const child of (await readdir(path)).toSorted())
    yield* packFiles(join(path, child), name === '.' ? child : `${name}/${child}`, false, skipped);
}

/** The entry of one file, directory or link; undefined for what no tar has, or only root could make anew. A file's content is to be read. */
export async function packFile(path: string, name: string, follow: boolean): Promise<TarEntryInput | undefined> {
  const stats = follow || meansDirectory(path) ? await stat(path, { bigint: true }) : await lstat(path, { bigint: true });
  const common = commonOf(stats);
  if (stats.isDirectory()) return { ...common, type: 'directory', name: `${name}/` };
  if (stats.isSymbolicLink()) return { ...common, type: 'symlink', name, linkName: await readlink(path) };
  if (!stats.isFile()) return undefined;
  const size = Number(stats.size);
  // A file that grows is copied as long as it was.
  const content = size === 0 ? {} : { content: createReadStream(path, { end: size - 1 }) as AsyncIterable<Uint8Array> };
  return { ...common, type: 'file', name, size, ...content };
}

function commonOf({ mode, uid, gid, mtimeNs }: BigIntStats) {
  const numbers = { mode: Number(mode & 0o7777n), uid: Number(uid), gid: Number(gid), size: 0, major: 0, minor: 0 };
  return { ...numbers, mtimeNs, linkName: '', xattrs: new Map<string, Uint8Array>() };
}
