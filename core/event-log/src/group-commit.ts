import { ShiplogError } from '@shiplog/contracts';

/** A batch takes no more items once it has this many; the next one takes them. */
const FULL = 8192;

interface Batch<T> {
  readonly items: T[];
  readonly written: PromiseWithResolvers<void>;
}

/**
 * Shares one write among all who come while the previous one is under way. There is no timer: a batch closes when the
 * write before it returns, so a lone item waits for nothing and a crowd pays for one fsync.
 *
 * One write at a time, never two: LevelDB may fail one and keep the next, which would be a hole. After a failed write
 * nothing is written any more (a failed fsync must not be tried again: what it left behind is unknown).
 */
export class GroupCommit<T> {
  readonly #write: (items: readonly T[]) => Promise<void>;
  readonly #failed: () => void;
  readonly #waiting: Batch<T>[] = [];
  #writing: Batch<T> | undefined;
  #scheduled = false;
  #failure: ShiplogError | undefined;

  /** `write` resolves when its items are durable. `failed` is called once, when `failure` is set. */
  constructor(write: (items: readonly T[]) => Promise<void>, failed: () => void = () => undefined) {
    this.#write = write;
    this.#failed = failed;
  }

  /** Why nothing is written any more: a LOG_CLOSED error. */
  get failure(): ShiplogError | undefined {
    return this.#failure;
  }

  /** Puts items into one batch, together. Resolves when they are durable; rejects with LOG_CLOSED if they may not be. */
  add(items: readonly T[]): Promise<void> {
    let batch = this.#waiting.at(-1);
    if (batch === undefined || batch.items.length >= FULL) {
      batch = { items: [], written: Promise.withResolvers<void>() };
      // Who does not wait for its own append learns of the failure from `flushed` or from the next append.
      batch.written.promise.catch(() => undefined);
      this.#waiting.push(batch);
    }
    for (const item of items) batch.items.push(item);
    this.#schedule();
    return batch.written.promise;
  }

  /** Resolves when all items added so far are durable; rejects with LOG_CLOSED if some may not be. */
  flushed(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return (this.#waiting.at(-1) ?? this.#writing)?.written.promise ?? Promise.resolve();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // Not at once: those who were just acknowledged get their turn to append again, and so share the next write.
    setImmediate(() => void this.#next());
  }

  async #next(): Promise<void> {
    const batch = this.#waiting.shift();
    if (batch === undefined) return;
    this.#writing = batch;
    try {
      await this.#write(batch.items);
      batch.written.resolve();
    } catch (error) {
      this.#fail(error, batch);
    }
    this.#writing = undefined;
    this.#scheduled = false;
    if (this.#waiting.length > 0) this.#schedule();
  }

  #fail(error: unknown, batch: Batch<T>): void {
    const reason = error instanceof Error ? error.message : String(error);
    this.#failure = new ShiplogError(
      'LOG_CLOSED',
      `the log could not be written and admits nothing any more: ${reason}`,
      { reason },
      { cause: error },
    );
    for (const lost of [batch, ...this.#waiting.splice(0)]) lost.written.reject(this.#failure);
    this.#failed();
  }
}
