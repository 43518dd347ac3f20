import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FrameError } from '../stored/frame.ts';
import { syncPath } from '../disk/sync-path.ts';
import { joinSegments, splitSegments } from './archive-format.ts';
import { type Base, baseEntries, basePart } from './base.ts';

/** Name of a copy of what stands for pruned events, beside the archives. Nothing but a repair reads it: an export has no index page to give. */
export const BASE_COPY = 'boundary';

/** Makes a copy durable, in the place of an earlier one. `directory` is there. */
export async function writeBaseCopy(directory: string, first: number, base: Base): Promise<void> {
  const path = join(directory, BASE_COPY);
  const draft = `${path}.draft`;
  await writeFile(draft, joinSegments(baseEntries(first, base).map(([, value]) => value)), { mode: 0o600, flush: true });
  await rename(draft, path);
  await syncPath(directory);
}

/** What is whole of the copy in a directory of archives; nothing where there is none. */
export async function baseCopyParts(directory: string): Promise<readonly Buffer[]> {
  try {
    return splitSegments(await readFile(join(directory, BASE_COPY))).flatMap((value) => basePart(value) ?? []);
  } catch (error) {
    if (error instanceof FrameError || (error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
