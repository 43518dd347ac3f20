import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileDamageError } from './bytes.ts';
import { type Manifest, readManifest, type TableFile } from './manifest.ts';
import { type Entry, recordsOf, writesOf } from './record-log.ts';
import { readBytes } from './read-bytes.ts';
import { readTable, type TableDamage } from './table.ts';

/** Tables read at once, some megabytes each. */
const READ_AHEAD = 4;

/** What is wrong with a file of a database. */
export interface FileDamage extends TableDamage {
  readonly file: string;
}

/**
 * Checks every table of a LevelDB database that is not open. LevelDB verifies no checksums of tables when it reads them, and ends the process
 * over some kinds of damage; so this comes first. The manifest and the write-ahead log are left to LevelDB, which does verify them; a
 * directory whose manifest cannot be read here has no damage that this could tell.
 */
export async function checkTables(directory: string, progress?: (bytes: number) => void): Promise<readonly FileDamage[]> {
  const { tables } = await manifestOf(directory);
  return readTables(directory, tables, undefined, progress);
}

/**
 * Reads what is whole in the files of a database that is not open, and changes nothing: values of tables, oldest files first, then those of the
 * write-ahead logs. Damaged parts are in the answer; of the write-ahead logs they are passed over.
 */
export async function salvage(directory: string, entry: (entry: Entry) => void | Promise<void>): Promise<readonly FileDamage[]> {
  const { tables, firstLog } = await manifestOf(directory);
  const waiting: Entry[] = [];
  const drain = async (): Promise<void> => {
    for (const each of waiting.splice(0)) await entry(each);
  };
  const damage: FileDamage[] = [];
  for (const table of tables.toSorted((a, b) => a.number - b.number)) {
    damage.push(...(await readTables(directory, [table], (each) => waiting.push(each))));
    await drain();
  }
  for (const { name, number } of await logsOf(directory)) {
    if (number < firstLog) continue;
    for (const record of recordsOf(await readBytes(join(directory, name)))) {
      try {
        for (const write of writesOf(record)) waiting.push(write);
      } catch (error) {
        if (!(error instanceof FileDamageError)) throw error;
      }
      await drain();
    }
  }
  return damage;
}

async function readTables(
  directory: string,
  tables: readonly TableFile[],
  entry?: (entry: Entry) => void,
  progress?: (bytes: number) => void,
): Promise<readonly FileDamage[]> {
  if (tables.length === 0) return [];
  const damage: FileDamage[] = [];
  const names = new Set(await readdir(directory));
  let read = 0;
  for await (const { table, file, bytes } of readAhead(directory, tables, names)) {
    if (bytes === undefined) damage.push({ file, from: table.smallest, to: table.largest, reason: 'missing' });
    else for (const each of readTable(bytes, table, entry)) damage.push({ file, ...each });
    progress?.((read += table.size));
  }
  return damage;
}

interface TableBytes {
  readonly table: TableFile;
  readonly file: string;
  /** Undefined: there is no such file. */
  readonly bytes: Buffer | undefined;
}

/** The files of tables, in order. The next ones are read while one is looked at. */
async function* readAhead(directory: string, tables: readonly TableFile[], names: ReadonlySet<string>): AsyncGenerator<TableBytes> {
  const read = async (table: TableFile): Promise<TableBytes> => {
    const base = String(table.number).padStart(6, '0');
    const file = [`${base}.ldb`, `${base}.sst`].find((name) => names.has(name));
    if (file === undefined) return { table, file: `${base}.ldb`, bytes: undefined };
    return { table, file, bytes: await readBytes(join(directory, file)) };
  };
  const coming: Promise<TableBytes>[] = [];
  let next = 0;
  const fill = (): void => {
    for (let table = tables[next]; table !== undefined && coming.length < READ_AHEAD; table = tables[++next]) {
      const bytes = read(table);
      // Reported when its turn comes; until then it is nobody's.
      bytes.catch(() => undefined);
      coming.push(bytes);
    }
  };
  for (fill(); coming.length > 0; fill()) {
    const bytes = coming.shift();
    fill();
    if (bytes !== undefined) yield await bytes;
  }
}

/** Of a directory without a readable manifest: nothing. */
async function manifestOf(directory: string): Promise<Manifest> {
  try {
    const current = (await readFile(join(directory, 'CURRENT'), 'utf8')).trimEnd();
    if (/^MANIFEST-\d+$/.test(current)) return readManifest(await readBytes(join(directory, current)));
  } catch (error) {
    if (!(error instanceof FileDamageError) && (error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return { tables: [], firstLog: 0 };
}

async function logsOf(directory: string): Promise<readonly { readonly name: string; readonly number: number }[]> {
  return (await readdir(directory))
    .filter((name) => /^\d+\.log$/.test(name))
    .map((name) => ({ name, number: Number.parseInt(name, 10) }))
    .toSorted((a, b) => a.number - b.number);
}
