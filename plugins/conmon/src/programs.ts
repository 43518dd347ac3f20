import { access } from 'node:fs/promises';
import { join } from 'node:path';

const PATHS = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Finds a program in the usual places. */
export async function findProgram(name: string): Promise<string | undefined> {
  for (const directory of PATHS) {
    const path = join(directory, name);
    if (
      await access(path).then(
        () => true,
        () => false,
      )
    )
      return path;
  }
  return undefined;
}
