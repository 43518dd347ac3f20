import { segmentPosition } from '../stored/database.ts';
import type { RawEntry } from '../stored/raw-scan.ts';
import type { ArchiveRecord } from './archive-record.ts';
import { type Archives, entriesOf } from './archives.ts';

/** Goes through the segments of all archives, a block at a time. What cannot be read is told once; the next call goes on behind it. */
export class ArchiveCursor {
  readonly #archives: Archives;
  readonly #records: readonly ArchiveRecord[];
  readonly #from: number;
  #at = 0;
  #block: number | undefined;

  /** From the segment that begins at `from`, or the next. */
  constructor(archives: Archives, from: number) {
    this.#archives = archives;
    this.#records = archives.records.filter(({ last }) => last >= from);
    this.#from = from;
  }

  /** The next segments; none at the end. Throws LOG_CORRUPT. */
  async next(): Promise<readonly RawEntry[]> {
    for (let record = this.#records[this.#at]; record !== undefined; record = this.#records[this.#at]) {
      const archive = await this.#archives.open(record).catch((error: unknown) => {
        this.#at++;
        this.#block = undefined;
        throw error;
      });
      const block = this.#block ?? archive.blockOf(this.#from);
      this.#block = block + 1;
      if (this.#block >= archive.blocks) {
        this.#at++;
        this.#block = this.#at < this.#records.length ? 0 : undefined;
      }
      const entries = (await entriesOf(archive, block)).filter(([key]) => (segmentPosition(key) ?? 0) >= this.#from);
      if (entries.length > 0) return entries;
    }
    return [];
  }
}
