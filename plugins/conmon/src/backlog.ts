import { type OutputChunk, ShiplogError } from '@shiplog/contracts';

/** Bytes one reader may be behind. */
const MOST = 64 << 20;

/**
 * Output that was received and not yet read. The socket's library cannot stop receiving, so there is an end to what is kept:
 * a reader that is further behind gets what is here, and then an error. The container and its log go on.
 */
export class Backlog {
  readonly #most: number;
  #chunks: OutputChunk[] = [];
  #bytes = 0;
  #ended = false;
  #overflowed = false;
  #woken = false;
  #wake: () => void = () => undefined;

  constructor(most: number = MOST) {
    this.#most = most;
  }

  /** False when there is no room: nothing more is kept. Callable from where no promise may be settled. */
  push(chunk: OutputChunk): boolean {
    if (this.#ended) return false;
    if (this.#bytes + chunk.data.length > this.#most) this.#overflowed = true;
    if (this.#overflowed) {
      this.end();
      return false;
    }
    this.#chunks.push(chunk);
    this.#bytes += chunk.data.length;
    this.#wakeSoon();
    return true;
  }

  end(): void {
    this.#ended = true;
    this.#wakeSoon();
  }

  /** What is here and what comes, to the end. Throws RUNTIME_FAILED after the last chunk that was kept, if some were not. */
  async *chunks(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunks = this.#chunks;
      this.#chunks = [];
      for (const chunk of chunks) {
        this.#bytes -= chunk.data.length;
        yield chunk;
      }
      if (this.#chunks.length > 0) continue;
      if (this.#ended) break;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#overflowed)
      throw new ShiplogError(
        'RUNTIME_FAILED',
        `the reader is more than ${this.#most >> 20} MiB behind the output; read the rest in the log`,
        { most: this.#most },
      );
  }

  /** In a turn of its own, once for many chunks. */
  #wakeSoon(): void {
    if (this.#woken) return;
    this.#woken = true;
    setImmediate(() => {
      this.#woken = false;
      this.#wake();
    });
  }
}
