import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Dockerignore, TarEntryInput } from '@shiplog/oci';
import { packFile } from '../copy/pack-files.ts';

/**
 * Tar entries of a directory's content, in order of names, without what is ignored; no directory is walked in which nothing can be taken in. Owners are left out, as `docker
 * build` leaves them. `skipped` is told what no tar has, or only root could make anew.
 */
export async function* contextFiles(
  root: string,
  { ignores, reaches }: Dockerignore,
  skipped: (path: string) => void,
): AsyncGenerator<TarEntryInput, void, undefined> {
  /** Directories that are ignored and being walked: they come before the first that is taken in beneath them. */
  const above: TarEntryInput[] = [];
  async function* walk(directory: string): AsyncGenerator<TarEntryInput, void, undefined> {
    const children = await readdir(join(root, directory), { withFileTypes: true });
    for (const child of children.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
      const path = directory === '' ? child.name : `${directory}/${child.name}`;
      const isIgnored = ignores(path);
      if (isIgnored && !(child.isDirectory() && reaches(path))) continue;
      const packed = await packFile(join(root, path), path, false);
      if (packed === undefined) {
        skipped(path);
        continue;
      }
      const entry = { ...packed, uid: 0, gid: 0 };
      above.push(entry);
      if (!isIgnored) yield* above.splice(0);
      if (entry.type === 'directory') yield* walk(path);
      if (above.at(-1) === entry) above.pop();
    }
  }
  yield* walk('');
}
