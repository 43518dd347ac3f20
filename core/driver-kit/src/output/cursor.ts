import { open, readFile, rename } from 'node:fs/promises';
import { errnoOf } from '../errno.ts';
import type { BegunLines } from './line-joiner.ts';

/** How far a spool has been taken over. */
export interface Cursor {
  /** Bytes of the spool that are done with. */
  readonly position: number;
  /** Beginnings of lines before `position` whose end has not come. */
  readonly begun: BegunLines;
  /** What the destination keeps with the position. */
  readonly state: { readonly [fact: string]: number };
}

/** The cursor at `path`; undefined where there is none, or none that is whole. */
export async function readCursor(path: string): Promise<Cursor | undefined> {
  try {
    const { position, begun, state } = JSON.parse(await readFile(path, 'utf8')) as Partial<Cursor>;
    return { position: position ?? 0, begun: begun ?? {}, state: state ?? {} };
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Replaces the cursor as one: after a crash it is the old or the new one. `sync`: after power loss too. */
export async function writeCursor(path: string, cursor: Cursor, sync: boolean): Promise<void> {
  const draft = `${path}.new`;
  const file = await open(draft, 'w', 0o600);
  try {
    await file.writeFile(JSON.stringify(cursor));
    if (sync) await file.datasync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
