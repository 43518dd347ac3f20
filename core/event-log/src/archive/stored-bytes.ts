import { stat } from 'node:fs/promises';
import { type LogDatabase, segmentKey, SEGMENTS_END } from '../stored/database.ts';
import { ArchivingLevel } from './archiving-level.ts';

/** What LevelDB can do beyond abstract-level. */
interface Sized {
  approximateSize(start: string, end: string, options: { readonly keyEncoding: 'utf8' }): Promise<number>;
}

/** Tells how much of a disk events take; see EventLog.storedBytes. */
export class StoredBytes {
  readonly #db: LogDatabase;
  /** Sizes of archives, which never change, by path. */
  readonly #archives = new Map<string, number>();

  constructor(db: LogDatabase) {
    this.#db = db;
  }

  async from(position: number): Promise<number> {
    const db = this.#db;
    if (!(db instanceof ArchivingLevel)) return sizeInTables(db, position);
    const kept = db.archives.records.filter(({ last }) => last >= position).map((record) => db.archives.path(record));
    const files = await Promise.all(kept.map((path) => this.#archiveSize(path)));
    const tables = await sizeInTables(db.inner, Math.max(position, db.archives.end));
    return files.reduce((sum, size) => sum + size, tables);
  }

  async #archiveSize(path: string): Promise<number> {
    const known = this.#archives.get(path) ?? (await fileSize(path));
    this.#archives.set(path, known);
    return known;
  }
}

/** By LevelDB's own account, from the indexes of its tables. Databases that have none tell nothing. */
async function sizeInTables(db: LogDatabase, position: number): Promise<number> {
  return isSized(db) ? db.approximateSize(segmentKey(position), SEGMENTS_END, { keyEncoding: 'utf8' }) : 0;
}

function isSized(db: LogDatabase): db is LogDatabase & Sized {
  return db.supports.additionalMethods['approximateSize'] === true;
}

/** Nothing for a file that is gone: pruned at this moment, or lost, which reading tells. */
async function fileSize(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}
