import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { claimOfDeadRun, isOfDeadRun } from './run-directory.ts';
import { removeRemains } from './remains.ts';

/**
 * Takes away what dead test runs left, and prints what. Leaves alone whatever is not certainly theirs, and what another sweep is at; what cannot be taken
 * away is told, and stays.
 */
export async function sweep(print: (line: string) => void, within = tmpdir()): Promise<void> {
  for (const name of await readdir(within)) {
    const path = join(within, name);
    try {
      if (!(await isOfDeadRun(path)) || !(await claimOfDeadRun(path))) continue;
      const found = await removeRemains(path);
      print(`swept ${path}, of a test run that is dead: ${found.length === 0 ? 'empty' : found.join(', ')}`);
    } catch (error) {
      // Somebody else may have been as quick.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') print(`not swept: ${path}: ${String(error)}`);
    }
  }
}
