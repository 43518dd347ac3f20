import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { segmentKey } from '../stored/database.ts';
import { pruned, refusal } from '../check/corrupt.ts';
import { FrameError } from '../stored/frame.ts';
import type { RawEntry } from '../stored/raw-scan.ts';
import { firstOf } from '../stored/segment.ts';
import { Archive } from './archive.ts';
import { archiveName, type ArchiveRecord, firstOfName } from './archive-record.ts';
import { BASE_COPY } from './base-copy.ts';

/** Archives that are open at the same time. */
const OPEN = 16;

/** All archives of a log: one range of events without a gap, older than all that is in the database. */
export class Archives {
  readonly directory: string;
  #records: readonly ArchiveRecord[];
  /** Opened files by the position of their first event, the one used last at the end. */
  readonly #open = new Map<number, Promise<Archive>>();

  constructor(directory: string, records: readonly ArchiveRecord[]) {
    this.directory = directory;
    this.#records = records.toSorted((a, b) => a.first - b.first);
  }

  get records(): readonly ArchiveRecord[] {
    return this.#records;
  }

  /** Position after the last event that is in an archive; 0 if there is none. */
  get end(): number {
    return (this.#records.at(-1)?.last ?? -1) + 1;
  }

  path(record: ArchiveRecord): string {
    return join(this.directory, archiveName(record));
  }

  /** From now on this range is read from its archive. */
  add(record: ArchiveRecord): void {
    this.#records = [...this.#records, record].toSorted((a, b) => a.first - b.first);
  }

  /** The segment that begins at `first`; undefined if no archive holds it. Throws LOG_CORRUPT for what cannot be read. */
  async segment(first: number): Promise<Buffer | undefined> {
    const record = this.#records.find((each) => each.first <= first && first <= each.last);
    if (record === undefined) return undefined;
    const archive = await this.open(record);
    const key = segmentKey(first);
    const entries = await entriesOf(archive, archive.blockOf(first));
    return entries.find(([each]) => each === key)?.[1];
  }

  /** Forgets archives, and removes their files. Who reads one goes on to its end. */
  async drop(records: readonly ArchiveRecord[]): Promise<void> {
    const gone = new Set(records.map(({ first }) => first));
    this.#records = this.#records.filter(({ first }) => !gone.has(first));
    for (const record of records) await rm(this.path(record), { force: true });
  }

  /**
   * Removes what a seal or a prune that was cut off left: files that no record names, and whose events are elsewhere, or gone for good, as `isNeedless`
   * says of the first of them. Others stay: who lost a record may want its file.
   */
  async removeStrays(isNeedless: (first: number) => Promise<boolean>): Promise<void> {
    const known = new Set([BASE_COPY, ...this.#records.map(archiveName)]);
    for (const name of await namesIn(this.directory)) {
      if (known.has(name)) continue;
      const first = firstOfName(name);
      if (first === undefined || (await isNeedless(first))) await rm(join(this.directory, name), { force: true });
    }
  }

  async close(): Promise<void> {
    const archives = [...this.#open.values()];
    this.#open.clear();
    for (const archive of archives)
      await archive.then(
        (each) => each.close(),
        () => undefined,
      );
  }

  /** An archive to read from; it may be closed once many others were opened. Throws LOG_CORRUPT if it cannot be read. */
  async open(record: ArchiveRecord): Promise<Archive> {
    const archive = this.#open.get(record.first) ?? this.#openFile(record);
    this.#open.delete(record.first);
    this.#open.set(record.first, archive);
    try {
      return await archive;
    } catch (error) {
      this.#open.delete(record.first);
      throw this.#records.includes(record) ? refusal(error, record.first, record.last) : pruned(record.first, record.last + 1);
    } finally {
      this.#closeOldest();
    }
  }

  #closeOldest(): void {
    for (const [first, oldest] of this.#open) {
      if (this.#open.size <= OPEN) return;
      this.#open.delete(first);
      void oldest.then((archive) => archive.close()).catch(() => undefined);
    }
  }

  async #openFile(record: ArchiveRecord): Promise<Archive> {
    const archive = await Archive.open(this.path(record));
    if (archive.first === record.first && archive.last === record.last) return archive;
    await archive.close();
    throw new FrameError(`the archive ${archiveName(record)} holds events ${archive.first} to ${archive.last}`);
  }
}

/** Segments of a block by their keys; whether they are whole, who reads them checks. Throws LOG_CORRUPT with the block's range. */
export async function entriesOf(archive: Archive, block: number): Promise<readonly RawEntry[]> {
  try {
    return (await archive.block(block)).map((segment) => [segmentKey(firstOf(segment)), segment]);
  } catch (error) {
    const { first, last } = archive.rangeOf(block);
    throw refusal(error, first, last);
  }
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
