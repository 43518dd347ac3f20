import { ShiplogError } from '@shiplog/contracts';

/**
 * A stream that can be ended from elsewhere, also while whoever takes it does nothing: when `canceled` aborts. `end` is called once, when nothing of it goes on, with the
 * bytes that were taken, and with an error unless it came to its end. The last chunk waits for that, and what it throws comes instead: clients hang up when they have a
 * whole tar.
 */
export class TakenStream implements AsyncIterableIterator<Uint8Array> {
  readonly #stream: AsyncIterator<Uint8Array>;
  readonly #canceled: AbortSignal;
  readonly #end: (bytes: number, error?: unknown) => Promise<void>;
  readonly #cancel = (): void => {
    this.#cutOff = true;
    this.#finish(canceledError(this.#bytes)).catch(() => undefined);
  };
  /** Read ahead: whether it is the last is known then. */
  #held: Uint8Array | undefined;
  #ended: Promise<void> | undefined;
  #cutOff = false;
  #bytes = 0;

  constructor(stream: AsyncIterable<Uint8Array>, canceled: AbortSignal, end: (bytes: number, error?: unknown) => Promise<void>) {
    this.#stream = stream[Symbol.asyncIterator]();
    this.#canceled = canceled;
    this.#end = end;
    canceled.addEventListener('abort', this.#cancel, { once: true });
    if (canceled.aborted) this.#cancel();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array, undefined>> {
    if (this.#ended === undefined) {
      const chunk = this.#held ?? (await this.#ahead());
      this.#held = chunk === undefined ? undefined : await this.#ahead();
      if (chunk !== undefined) {
        this.#bytes += chunk.byteLength;
        if (this.#held === undefined) await this.#finish();
        return { done: false, value: chunk };
      }
    }
    await this.#finish();
    if (this.#cutOff) throw canceledError(this.#bytes);
    return { done: true, value: undefined };
  }

  async #ahead(): Promise<Uint8Array | undefined> {
    try {
      const next = await this.#stream.next();
      return next.done === true ? undefined : next.value;
    } catch (error) {
      await this.#finish(error);
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Uint8Array, undefined>> {
    await this.#finish(new ShiplogError('CANCELED', 'whoever read it left before its end', { bytes: this.#bytes }));
    return { done: true, value: undefined };
  }

  /** What is under way comes to its end first: a generator takes its calls in order. */
  #finish(error?: unknown): Promise<void> {
    return (this.#ended ??= (async () => {
      this.#canceled.removeEventListener('abort', this.#cancel);
      // What it threw was told to whoever read it.
      await Promise.resolve(this.#stream.return?.()).catch(() => undefined);
      await this.#end(this.#bytes, error);
    })());
  }
}

function canceledError(bytes: number): ShiplogError {
  return new ShiplogError('CANCELED', 'the caller went away, the container is being removed, or the engine is stopping', { bytes });
}
