import { parseBundle, parseCheckpoint, parseNote, TILE_WIDTH, TlogError } from '@shiplog/tlog';
import { digestIn } from './large-entry.ts';
import type { TlogDirectory } from './tlog-directory.ts';

/**
 * Data of the entries `from` to `to`, by position, as far as the directory has them: a bundle that is missing or no bundle is left out. Nothing
 * is proven of it, nor is the checkpoint's signature looked at. Throws TlogError, `missing`, where there is no checkpoint.
 */
export async function readData(directory: TlogDirectory, from: number, to: number): Promise<ReadonlyMap<number, Buffer>> {
  const note = await directory.checkpoint();
  if (note === undefined) throw new TlogError('missing', `there is no checkpoint in ${directory.path}`);
  const { size } = parseCheckpoint(parseNote(note).text);
  const data = new Map<number, Buffer>();
  const last = Math.min(to, size - 1);
  for (let index = Math.floor(from / TILE_WIDTH); index * TILE_WIDTH <= last; index++) {
    const first = index * TILE_WIDTH;
    const entries = await unlessLost(async () =>
      parseBundle((await directory.tile({ level: 'entries', index, width: Math.min(TILE_WIDTH, size - first) })).bytes),
    );
    for (const [offset, entry] of (entries ?? []).entries()) {
      const seq = first + offset;
      if (seq < from || seq > last) continue;
      const digest = digestIn(entry);
      const bytes = digest === undefined ? entry : await unlessLost(() => directory.large(digest));
      if (bytes !== undefined) data.set(seq, bytes);
    }
  }
  return data;
}

async function unlessLost<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof TlogError) return undefined;
    throw error;
  }
}
