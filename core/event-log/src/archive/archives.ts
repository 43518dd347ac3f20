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

/** A file that is open, or about to be, and how many read from it. */
interface OpenArchive {
  readonly archive: Promise<Archive>;
  users: number;
}

/** All archives of a log: one range of events without a gap, older than all that is in the database. */
export class Archives {
  readonly directory: string;
  #records: readonly ArchiveRecord[];
  /** Opened files by the position of their first event, the one used last at the end. */
  readonly #open = new Map<number, OpenArchive>();
  /** Those who wait for a place. */
  readonly #waiting: (() => void)[] = [];

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
    const key = segmentKey(first);
    const entries = await this.use(record, (archive) => entriesOf(archive, archive.blockOf(first)));
    return entries.find(([each]) => each === key)?.[1];
  }

  /** Forgets archives, and removes their files: for good once those who read from one at this moment have done so. */
  async drop(records: readonly ArchiveRecord[]): Promise<void> {
    const gone = new Set(records.map(({ first }) => first));
    this.#records = this.#records.filter(({ first }) => !gone.has(first));
    for (const record of records) {
      const open = this.#open.get(record.first);
      this.#open.delete(record.first);
      if (open?.users === 0) await close(open.archive);
      await rm(this.path(record), { force: true });
    }
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
    const open = [...this.#open.values()];
    this.#open.clear();
    for (const { archive } of open) await close(archive);
  }

  /** Has `read` read from an archive, which is open until it is done. Throws LOG_CORRUPT if it cannot be opened, and what `read` throws. */
  async use<T>(record: ArchiveRecord, read: (archive: Archive) => Promise<T>): Promise<T> {
    const used = await this.#take(record);
    try {
      return await read(await used.archive.catch((error: unknown) => this.#refuse(record, used, error)));
    } finally {
      this.#giveBack(record, used);
    }
  }

  /** Waits for its turn where as many as may be are in use. */
  async #take(record: ArchiveRecord): Promise<OpenArchive> {
    for (;;) {
      const known = this.#open.get(record.first);
      if (known !== undefined || this.#hasRoom()) {
        const taken = known ?? { archive: this.#openFile(record), users: 0 };
        taken.users += 1;
        this.#open.delete(record.first);
        this.#open.set(record.first, taken);
        return taken;
      }
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Closes the one that nobody has used for longest if all places are taken. */
  #hasRoom(): boolean {
    if (this.#open.size < OPEN) return true;
    for (const [first, { archive, users }] of this.#open) {
      if (users > 0) continue;
      this.#open.delete(first);
      void close(archive);
      return true;
    }
    return false;
  }

  #giveBack({ first }: ArchiveRecord, used: OpenArchive): void {
    used.users -= 1;
    if (used.users === 0 && this.#open.get(first) !== used) void close(used.archive);
    this.#waiting.shift()?.();
  }

  #refuse(record: ArchiveRecord, used: OpenArchive, error: unknown): never {
    if (this.#open.get(record.first) === used) this.#open.delete(record.first);
    throw this.#records.includes(record) ? refusal(error, record.first, record.last) : pruned(record.first, record.last + 1);
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

/** One that did not open needs nothing. */
async function close(archive: Promise<Archive>): Promise<void> {
  await archive.then(
    (each) => each.close(),
    () => undefined,
  );
}

async function namesIn(directory: string): Promise<readonly string[]> {
  try {
    return await readdir(directory);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
