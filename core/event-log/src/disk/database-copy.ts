import { copyFile, link, mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readBytes } from '../level-files/read-bytes.ts';

/** LevelDB's lock, and what it says of itself. */
const ITS_OWN = new Set(['LOCK', 'LOG', 'LOG.old']);

/**
 * Puts a copy of a database of LevelDB's that is not open at `target`, to be opened in its stead: opening changes a database. Tables, which LevelDB writes
 * once, are links, so that a large one costs no more than a small one. What the disk cannot read of the others are zeros. What is at `target` goes.
 */
export async function copyDatabase(path: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  await mkdir(target, { mode: 0o700 });
  for (const entry of await readdir(path, { withFileTypes: true })) {
    if (!entry.isFile() || ITS_OWN.has(entry.name)) continue;
    const [from, to] = [join(path, entry.name), join(target, entry.name)];
    if (/\.(ldb|sst)$/.test(entry.name)) await link(from, to).catch(() => copyFile(from, to));
    else await copyFile(from, to).catch(async () => writeFile(to, await readBytes(from)));
  }
}
