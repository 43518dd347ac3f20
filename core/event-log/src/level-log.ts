import { access, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Level } from 'level';
import { type EventLog, ShiplogError, type Verification } from '@shiplog/contracts';
import { openEventLog } from './event-log.ts';
import { corrupt } from './corrupt.ts';
import { FileWitness } from './file-witness.ts';
import { syncPath } from './sync-path.ts';
import { verifyEventLog } from './verify.ts';

export interface LevelLogOptions {
  /** The log's own directory; made if it is missing. */
  readonly directory: string;
  readonly boot: string;
  readonly inst: string;
  readonly newId?: () => string;
  /** LevelDB's write buffer, bytes; 16 MiB if absent. A small one makes LevelDB go through many files, as years do. */
  readonly writeBufferBytes?: number;
}

/** LevelDB's write buffer, bytes: larger than its 4 MiB default, so that fewer level-0 tables delay the writer. */
const WRITE_BUFFER = 16 * 1024 * 1024;

/**
 * Opens a log on disk. The directory holds `db` (LevelDB, private to the log), `witness` (a mark of the durable end),
 * `snapshots` (derived values, another LevelDB: may be deleted) and, until the first opening has come to its end, `fresh`.
 *
 * LevelDB does not sync the first manifest of a new database, so power loss just then leaves one that does not open.
 * `fresh`, synced before the database is made and removed when all of it is synced, tells that nothing was acknowledged
 * yet: only then is such a database removed and begun again.
 *
 * Throws LOG_CORRUPT (facts `from`, `to`), LOG_TOO_NEW, or ENGINE_LOCKED when another process has it open.
 */
export async function openLevelLog(options: LevelLogOptions): Promise<EventLog> {
  const { directory, writeBufferBytes = WRITE_BUFFER, ...rest } = options;
  const paths = pathsOf(directory);
  if (!(await exists(paths.witness)) && !(await exists(paths.db))) await begin(directory, paths.fresh);
  const fresh = await exists(paths.fresh);
  const db = await openLevel(paths.db, fresh, writeBufferBytes);
  let witness: FileWitness | undefined;
  try {
    witness = await FileWitness.open(paths.witness);
    await syncDirectory(paths.db);
    await syncPath(directory);
    if (fresh) {
      await rm(paths.fresh);
      await syncPath(directory);
    }
    return await openEventLog({ ...rest, db, witness, snapshots: await openSnapshots(paths.snapshots, writeBufferBytes) });
  } catch (error) {
    await witness?.close();
    await db.close();
    throw error;
  }
}

/**
 * Checks a log on disk that is not open, also one that refuses to open; see {@link verifyEventLog}. LevelDB itself rewrites
 * its manifest when it is opened, so evidence is better copied first.
 */
export async function verifyLevelLog(directory: string, progress?: (checked: number) => void): Promise<Verification> {
  const paths = pathsOf(directory);
  const db = await openLevel(paths.db, false, WRITE_BUFFER);
  try {
    const witness = await FileWitness.open(paths.witness);
    await witness.close();
    return await verifyEventLog(db, { witness: witness.known, progress });
  } finally {
    await db.close();
  }
}

/** Where the parts of a log lie. */
function pathsOf(directory: string): { readonly [part in 'db' | 'witness' | 'fresh' | 'snapshots']: string } {
  const part = (name: string): string => join(directory, name);
  return { db: part('db'), witness: part('witness'), fresh: part('fresh'), snapshots: part('snapshots') };
}

/** What does not open is made anew: snapshots may be lost at any time. */
async function openSnapshots(path: string, writeBufferSize: number): Promise<Level> {
  try {
    return await tryLevel(path, true, writeBufferSize);
  } catch {
    await rm(path, { recursive: true, force: true });
    return await tryLevel(path, true, writeBufferSize);
  }
}

async function begin(directory: string, marker: string): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const file = await open(marker, 'w', 0o600);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
  await syncPath(directory);
  await syncPath(dirname(directory));
}

/** Without `fresh` a missing database is not made: LevelDB would make an empty one over the remains of another. */
async function openLevel(path: string, fresh: boolean, writeBufferSize: number): Promise<Level> {
  try {
    return await tryLevel(path, fresh, writeBufferSize);
  } catch (error) {
    const code = causeCode(error);
    if (code === 'LEVEL_LOCKED')
      throw new ShiplogError('ENGINE_LOCKED', `another process has the log at ${path} open`, { path }, { cause: error });
    if (!fresh) throw corrupt(0, 0, `the database at ${path} does not open: ${causeMessage(error)}`, error);
    await rm(path, { recursive: true, force: true });
    return await tryLevel(path, true, writeBufferSize);
  }
}

async function tryLevel(path: string, createIfMissing: boolean, writeBufferSize: number): Promise<Level> {
  const db = new Level(path, { createIfMissing, writeBufferSize });
  await db.open();
  return db;
}

/** LevelDB syncs neither a new database's manifest nor the names of the files it makes when it opens. */
async function syncDirectory(path: string): Promise<void> {
  for (const name of await readdir(path)) {
    // Closing any descriptor of a file gives up the process's lock on it (fcntl_locking(2)), and this is LevelDB's.
    if (name !== 'LOCK') await syncPath(join(path, name)).catch(unlessGone);
  }
  await syncPath(path);
}

/** LevelDB removes files that compaction made superfluous whenever it likes. */
function unlessGone(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function causeCode(error: unknown): unknown {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return typeof cause === 'object' && cause !== null && 'code' in cause ? cause.code : undefined;
}

function causeMessage(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : String(error);
}
