import { access, mkdir, open, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Level } from 'level';
import { type EventLog, ShiplogError, type Verification } from '@shiplog/contracts';
import { ArchivingLevel } from '../archive/archiving-level.ts';
import { openEventLog } from '../event-log.ts';
import { corrupt } from '../check/corrupt.ts';
import { copyDatabase } from './database-copy.ts';
import { damagedRange } from '../check/damaged-range.ts';
import { FileWitness } from './file-witness.ts';
import { holdDatabase } from './hold-database.ts';
import { hostFault } from './host-fault.ts';
import { readHead } from '../stored/head.ts';
import { checkTables, type FileDamage } from '../level-files/level-files.ts';
import { baseEdge } from '../load.ts';
import type { Mark } from '../stored/mark.ts';
import { finishRepair, type Repair, repairDatabase } from '../repair/repair.ts';
import type { RepairSource } from '../repair/repair-source.ts';
import { salvageLog } from '../repair/salvage-log.ts';
import { SnapshotsUnreadable } from '../snapshots/snapshot-database.ts';
import { syncPath } from './sync-path.ts';
import { verifyEventLog } from '../check/verify.ts';

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
 * `snapshots` (derived values, another LevelDB: may be deleted), `archive` (files of sealed events) and, until the first opening has come to its end, `fresh`.
 *
 * LevelDB does not sync the first manifest of a new database, so power loss just then leaves one that does not open.
 * `fresh`, synced before the database is made and removed when all of it is synced, tells that nothing was acknowledged
 * yet: only then is such a database removed and begun again.
 *
 * Throws LOG_CORRUPT (facts `from`, `to`), LOG_TOO_NEW, ENGINE_LOCKED when another process has it open, DISK_FULL, or
 * HOST_UNSUITABLE where it may not be written.
 */
export async function openLevelLog(options: LevelLogOptions): Promise<EventLog> {
  const { directory, writeBufferBytes = WRITE_BUFFER } = options;
  const paths = pathsOf(directory);
  if (await isEmpty(directory)) await begin(directory, paths.fresh);
  await finishRepair(paths.db);
  const fresh = await exists(paths.fresh);
  const witness = await FileWitness.open(paths.witness);
  try {
    if (!fresh) await refuseDamaged(paths.db, witness.known);
    const db = await openLevel(paths.db, fresh, witness.known, writeBufferBytes);
    // What a verification or a repair left that was cut off: links and copies of events that may be gone from here. Whoever works on them has the lock.
    for (const left of [paths.copy, `${paths.db}.held`, `${paths.db}.rebuilt`]) await rm(left, { recursive: true, force: true });
    await syncDirectory(paths.db).catch(closing(db));
    await syncPath(directory);
    if (fresh) {
      await rm(paths.fresh);
      await syncPath(directory);
    }
    return await openOver(options, db, witness);
  } catch (error) {
    await witness.close();
    throw error;
  }
}

/** What of the snapshots cannot be used is removed: they may be lost at any time. */
async function openOver(options: LevelLogOptions, db: Level, witness: FileWitness): Promise<EventLog> {
  const { directory, writeBufferBytes = WRITE_BUFFER, ...rest } = options;
  const { snapshots: path, archive } = pathsOf(directory);
  try {
    const [damage] = await checkTables(path);
    if (damage !== undefined) throw new SnapshotsUnreadable(damage.reason);
    const snapshots = await tryLevel(path, true, writeBufferBytes).catch((error: unknown) => {
      throw new SnapshotsUnreadable(error);
    });
    return await openEventLog({ ...rest, db, witness, snapshots, archive });
  } catch (error) {
    if (!(error instanceof SnapshotsUnreadable)) return await closing(db)(error);
  }
  await rm(path, { recursive: true, force: true });
  const snapshots = await tryLevel(path, true, writeBufferBytes).catch(closing(db));
  return openEventLog({ ...rest, db, witness, snapshots, archive });
}

/** Closes a database before the error goes on. */
function closing(db: Level): (error: unknown) => Promise<never> {
  return async (error) => {
    await db.close();
    throw error;
  };
}

/**
 * Checks all of a log on disk that is not open, also one that refuses to open; see {@link verifyEventLog}. Its files stay as they are: a copy beside
 * them is opened, or where they are damaged, one of what is whole in them. Throws ENGINE_LOCKED when another process has it open.
 */
export async function verifyLevelLog(directory: string, progress?: (checked: number, total: number) => void): Promise<Verification> {
  const { db } = pathsOf(directory);
  await finishRepair(db);
  const release = await holdDatabase(db);
  try {
    const damage = await checkTables(db);
    return damage.length === 0 ? await verifyCopy(directory, progress) : await verifySalvaged(directory, damage, progress);
  } finally {
    await release();
  }
}

type Progress = (checked: number, total: number) => void;

/** Precondition: the tables are whole. Throws LOG_CORRUPT if LevelDB refuses to open it. */
async function verifyCopy(directory: string, progress?: Progress): Promise<Verification> {
  const { db, copy, witness } = pathsOf(directory);
  try {
    await copyDatabase(db, copy);
    return (await verifyOpened(directory, await openLevel(copy, false, await readWitness(witness), WRITE_BUFFER), progress)).verification;
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function verifySalvaged(directory: string, damage: readonly FileDamage[], progress?: Progress): Promise<Verification> {
  const { db, copy } = pathsOf(directory);
  try {
    const level = await anew(copy);
    await salvageLog(db, level).catch(closing(level));
    const { verification, last } = await verifyOpened(directory, level, progress);
    return { ...verification, damage: [...verification.damage, ...damage.map((each) => damagedRange(each, last))] };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

/** Checks an opened copy of the database in a log's directory, and closes it. Answers with the position of the last event that is known of, too. */
async function verifyOpened(
  directory: string,
  level: Level,
  progress?: Progress,
): Promise<{ readonly verification: Verification; readonly last: number }> {
  const paths = pathsOf(directory);
  const db = new ArchivingLevel(level, paths.archive);
  try {
    const witness = await readWitness(paths.witness);
    await db.open();
    const last = Math.max(witness?.seq ?? -1, (await readHead(db).catch(() => undefined))?.seq ?? -1);
    const verification = await verifyEventLog(db, {
      witness,
      // Without it the check begins at 0, and tells that events are missing there, and why.
      after: await baseEdge(db).catch(unlessCorrupt),
      progress: (checked) => progress?.(checked, last + 1),
    });
    return { verification, last };
  } finally {
    await db.close();
  }
}

/**
 * Makes a damaged log that is not open whole, with events that `source` has; see {@link repairDatabase}. One that is whole stays as it is.
 * Throws LOG_CORRUPT when the source does not lead to the root that is known, ENGINE_LOCKED; the log is as it was then.
 */
export async function repairLevelLog(directory: string, source: RepairSource): Promise<Repair> {
  const { db, archive, witness } = pathsOf(directory);
  await finishRepair(db);
  const release = await holdDatabase(db);
  try {
    const whole = await wholeLog(directory);
    if (whole !== undefined) return { filled: [], verification: whole };
    return await repairDatabase({ db, archive, witness: await readWitness(witness) }, source);
  } finally {
    await release();
  }
}

/** What verifying a log says that opens and is not damaged; undefined for any other, and for an empty one, which may have lost its end. */
async function wholeLog(directory: string): Promise<Verification | undefined> {
  if ((await checkTables(pathsOf(directory).db)).length > 0) return undefined;
  const verification = await verifyCopy(directory).catch(unlessCorrupt);
  return verification?.damage.length === 0 && verification.events > 0 ? verification : undefined;
}

function unlessCorrupt(error: unknown): undefined {
  if (!(error instanceof ShiplogError) || error.code !== 'LOG_CORRUPT') throw error;
}

async function readWitness(path: string): Promise<Mark | undefined> {
  const witness = await FileWitness.open(path);
  await witness.close();
  return witness.known;
}

async function anew(path: string): Promise<Level> {
  await rm(path, { recursive: true, force: true });
  return tryLevel(path, true, WRITE_BUFFER);
}

/** LevelDB would take damaged bytes of a table for keys, or end the process over them. */
async function refuseDamaged(path: string, witness: Mark | undefined): Promise<void> {
  const found = await checkTables(path);
  // A second look: another process that has it open may have removed a file meanwhile, and opening will say that.
  const damage = found.length === 0 ? found : await checkTables(path);
  const ranges = damage.map((each) => damagedRange(each, Math.max(0, witness?.seq ?? 0))).toSorted((a, b) => a.from - b.from);
  const [first] = ranges;
  if (first !== undefined)
    throw corrupt(first.from, first.to, `${first.reason}${ranges.length === 1 ? '' : `, and ${ranges.length - 1} more`}`);
}

/** Where the parts of a log lie, and a copy of the database while it is verified. */
function pathsOf(directory: string): { readonly [part in 'db' | 'copy' | 'witness' | 'fresh' | 'snapshots' | 'archive']: string } {
  const part = (name: string): string => join(directory, name);
  return {
    db: part('db'),
    copy: part('db.copy'),
    witness: part('witness'),
    fresh: part('fresh'),
    snapshots: part('snapshots'),
    archive: part('archive'),
  };
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
async function openLevel(path: string, fresh: boolean, witness: Mark | undefined, writeBufferSize: number): Promise<Level> {
  try {
    return await tryLevel(path, fresh, writeBufferSize);
  } catch (error) {
    const fault = hostFault(path, error);
    if (fault !== undefined) throw fault;
    if (!fresh)
      throw corrupt(0, Math.max(0, witness?.seq ?? 0), `the database of ${dirname(path)} does not open: ${causeMessage(error)}`, error);
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

/** Nothing is there, or no more than the marker of a first opening. */
async function isEmpty(directory: string): Promise<boolean> {
  try {
    return (await readdir(directory)).every((name) => name === 'fresh');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

function causeMessage(error: unknown): string {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? cause.message : String(error);
}
