/**
 * Hands out one by one what is fetched in batches. Much cheaper for each item than an async generator: while a batch
 * lasts, `next` answers with a ready promise.
 *
 * Calls of `next` that overlap are answered in order. After an error, `return` or `stop`, the cursor has ended.
 */
export class BatchCursor<T> implements AsyncIterableIterator<T, undefined> {
  readonly #fetch: () => Promise<readonly T[]>;
  readonly #release: () => Promise<void>;
  #batch: readonly T[] = [];
  #at = 0;
  #ended = false;
  #queue: Promise<unknown> | undefined;

  /** `fetch` answers with an empty batch at the end. `release` is called once, when nothing more will be fetched. */
  constructor(fetch: () => Promise<readonly T[]>, release: () => Promise<void>) {
    this.#fetch = fetch;
    this.#release = release;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    if (this.#queue === undefined && this.#at < this.#batch.length) return Promise.resolve(this.#take());
    const turn = (this.#queue ?? Promise.resolve()).then(() => this.#step());
    const settled = turn.then(noop, noop);
    this.#queue = settled;
    void settled.finally(() => {
      if (this.#queue === settled) this.#queue = undefined;
    });
    return turn;
  }

  async return(): Promise<IteratorResult<T, undefined>> {
    await this.stop();
    return { done: true, value: undefined };
  }

  /** Ends the cursor now; what was fetched and not handed out is dropped. */
  async stop(): Promise<void> {
    this.#batch = [];
    this.#at = 0;
    if (this.#ended) return;
    this.#ended = true;
    await this.#release();
  }

  async #step(): Promise<IteratorResult<T, undefined>> {
    if (this.#at >= this.#batch.length && !this.#ended) {
      try {
        const batch = await this.#fetch();
        // `stop` may have come while the fetch was under way.
        if (!this.#hasEnded()) {
          this.#batch = batch;
          this.#at = 0;
        }
      } catch (error) {
        await this.stop();
        throw error;
      }
    }
    if (this.#at < this.#batch.length) return this.#take();
    await this.stop();
    return { done: true, value: undefined };
  }

  #hasEnded(): boolean {
    return this.#ended;
  }

  #take(): IteratorYieldResult<T> {
    return { done: false, value: this.#batch[this.#at++] as T };
  }
}

function noop(): void {
  return undefined;
}

/** An iterable that makes a cursor of its own for each loop over it. */
export function iterable<T>(cursor: () => BatchCursor<T>): AsyncIterable<T> {
  return { [Symbol.asyncIterator]: cursor };
}
