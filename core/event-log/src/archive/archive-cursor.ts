import { segmentPosition } from '../stored/database.ts';
import type { Archive } from './archive.ts';
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
      let isOpen = false;
      const block = this.#archives.use(record, (archive) => {
        isOpen = true;
        return entriesOf(archive, this.#nextBlock(archive));
      });
      const entries = await block.catch((error: unknown) => {
        if (!isOpen) this.#nextArchive();
        throw error;
      });
      const wanted = entries.filter(([key]) => (segmentPosition(key) ?? 0) >= this.#from);
      if (wanted.length > 0) return wanted;
    }
    return [];
  }

  /** Number of the block whose turn it is. */
  #nextBlock(archive: Archive): number {
    const block = this.#block ?? archive.blockOf(this.#from);
    this.#block = block + 1;
    if (this.#block >= archive.blocks) this.#nextArchive();
    return block;
  }

  #nextArchive(): void {
    this.#at++;
    this.#block = this.#at < this.#records.length ? 0 : undefined;
  }
}
