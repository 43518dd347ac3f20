import { access, mkdir, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errnoOf } from './errno.ts';
import { type Erase, eraseTree, syncDirectory, temporaryPath } from './safe-remove.ts';

/**
 * Builds the directory `place` so that it is there whole or not at all: `fill` works in a `tmp-*` directory beneath
 * `scratch` (of the same file system), which is renamed when that has succeeded. Durable when it resolves, if `fill`
 * synced what it wrote below the directory itself. After failure nothing stays.
 */
export async function buildDirectory(
  scratch: string,
  place: string,
  fill: (directory: string) => Promise<void>,
  { durable = true, erase = eraseTree }: { readonly durable?: boolean; readonly erase?: Erase } = {},
): Promise<void> {
  const temporary = temporaryPath(scratch);
  try {
    await mkdir(temporary, 0o700);
    await fill(temporary);
    if (durable) await syncDirectory(temporary);
    await rename(temporary, place);
    if (durable) await syncDirectory(dirname(place));
  } catch (error) {
    await erase(temporary);
    throw error;
  }
}

/** True when something is at `path`, links followed. */
export async function pathExists(path: string): Promise<boolean> {
  try {
    await access(path);
    return true;
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return false;
    throw error;
  }
}
