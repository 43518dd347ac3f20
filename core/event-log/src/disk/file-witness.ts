import { type FileHandle, open } from 'node:fs/promises';
import type { Hash } from '@shiplog/tlog';
import { FrameError } from '../stored/frame.ts';
import type { Witness } from '../event-log.ts';
import { decodeMark, encodeMark, type Mark, MARK_BYTES } from '../stored/mark.ts';

/** Two places, written in turn: a write that power loss cuts spoils one and leaves the other. One disk sector each. */
const SLOT_BYTES = 512;
/** A mark is written so long after it was noted, with all that came meanwhile: it would cost each commit of a lone appender a fifth of its time. */
const WRITE_AFTER_MS = 2;
/** The file is fsynced when that much time went by since the last time, with the next mark, and on close. */
const SYNC_EVERY_MS = 1000;

/**
 * The end of the log in a small file beside the database. LevelDB drops damaged records from the end of its write-ahead
 * log without a word; a mark from outside of it is what tells that there was more.
 *
 * Marks are written after their events are durable, one at a time, newest wins, and nobody waits for them. So the file
 * never promises too much. It may lag by what was committed in a few milliseconds; after power loss, by what was committed
 * since its last fsync, a second or so.
 */
export class FileWitness implements Witness {
  readonly known: Mark | undefined;
  readonly #file: FileHandle;
  #slot: number;
  #next: { readonly seq: number; readonly root: Hash } | undefined;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> | undefined;
  #syncedAt = 0;
  #failure: unknown;

  private constructor(file: FileHandle, slots: readonly (Mark | undefined)[]) {
    this.#file = file;
    const [first, second] = slots;
    const newest = (second?.seq ?? -1) > (first?.seq ?? -1) ? 1 : 0;
    this.known = slots[newest];
    this.#slot = newest;
  }

  /** Opens or makes the file. A slot that cannot be read counts as empty: it was cut, and says nothing. */
  static async open(path: string): Promise<FileWitness> {
    const file = await open(path, 'a+').then(async (made) => {
      await made.close();
      return open(path, 'r+');
    });
    try {
      return new FileWitness(file, [await readSlot(file, 0), await readSlot(file, 1)]);
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  note(seq: number, root: Hash): void {
    if (this.#failure !== undefined) throw this.#failure;
    this.#next = { seq, root };
    if (this.#writing === undefined) this.#timer ??= setTimeout(() => this.#begin(), WRITE_AFTER_MS).unref();
  }

  async close(): Promise<void> {
    try {
      await this.#writing;
      if (this.#failure === undefined && this.#next !== undefined) {
        this.#begin();
        await this.#writing;
      }
      clearTimeout(this.#timer);
      if (this.#failure !== undefined) throw this.#failure;
      await this.#file.sync();
    } finally {
      await this.#file.close();
    }
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#write();
  }

  async #write(): Promise<void> {
    const mark = this.#next;
    this.#next = undefined;
    try {
      if (mark === undefined) return;
      this.#slot = 1 - this.#slot;
      await this.#file.write(encodeMark(mark.seq, mark.root), 0, MARK_BYTES, this.#slot * SLOT_BYTES);
      const now = performance.now();
      if (now - this.#syncedAt > SYNC_EVERY_MS) {
        await this.#file.datasync();
        this.#syncedAt = now;
      }
    } catch (error) {
      this.#failure = error;
    } finally {
      this.#writing = undefined;
    }
    // What was noted meanwhile.
    if (this.#next !== undefined && this.#failure === undefined) this.#timer ??= setTimeout(() => this.#begin(), WRITE_AFTER_MS).unref();
  }
}

async function readSlot(file: FileHandle, slot: number): Promise<Mark | undefined> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(MARK_BYTES), 0, MARK_BYTES, slot * SLOT_BYTES);
  try {
    return decodeMark(buffer.subarray(0, bytesRead));
  } catch (error) {
    if (error instanceof FrameError) return undefined;
    throw error;
  }
}
