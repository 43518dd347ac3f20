import { type FileHandle, open } from 'node:fs/promises';

/** Someone who follows a file while it is written. */
export class Reader {
  /** Files that were begun after the one being read. */
  readonly next: FileHandle[] = [];
  #news = 0;
  #wake: () => void = () => undefined;

  get news(): number {
    return this.#news;
  }

  /** Resolves once there were news after `seen`. */
  async after(seen: number): Promise<void> {
    if (this.#news !== seen) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
    });
  }

  readonly tell = (): void => {
    this.#news += 1;
    this.#wake();
  };
}

/** Those who follow one container's file. */
export class Readers {
  readonly #readers = new Set<Reader>();
  #turn: Promise<unknown> = Promise.resolve();

  /** Files change their names in here, and are looked for in here. */
  async alone<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  add(): Reader {
    const reader = new Reader();
    this.#readers.add(reader);
    return reader;
  }

  async remove(reader: Reader): Promise<void> {
    this.#readers.delete(reader);
    for (const file of reader.next) await file.close();
  }

  get empty(): boolean {
    return this.#readers.size === 0;
  }

  tellMore(): void {
    for (const reader of this.#readers) reader.tell();
  }

  /** A new file takes the place of the one before. It is opened for every reader before anything is written to it. */
  async tellTurned(path: string): Promise<void> {
    for (const reader of this.#readers) {
      reader.next.push(await open(path, 'r'));
      reader.tell();
    }
  }
}
