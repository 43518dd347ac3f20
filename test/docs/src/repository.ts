import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** The top of the repository. */
export const TOP = join(dirname(fileURLToPath(import.meta.url)), '../../..');

/** A file's text; `path` is from the top. */
export function read(path: string): Promise<string> {
  return readFile(join(TOP, path), 'utf8');
}

/** The address of a built module that its package does not export; `path` is from the top. The caller says its type. */
export function built(path: string): string {
  return pathToFileURL(join(TOP, path)).href;
}
