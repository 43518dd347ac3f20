import type { ClassicLevel } from 'classic-level';

/** Texts a value holds, as a segment of the log does. */
const PACKED = 32;

/**
 * What a crowd would get from a log that guarantees nothing but the sync: texts, packed into values, one synced batch for all who came
 * while the one before was under way. No places, expectations, indexes, checksums or tree. No log in one thread can be faster.
 */
export class BareCrowd {
  #texts: string[] = [];
  #durable = Promise.withResolvers<void>();
  #writing = false;
  #scheduled = false;

  /** So many go at once, without waiting for those whom the last write acknowledged. */
  constructor(
    private readonly raw: ClassicLevel<string, Buffer>,
    private readonly nextKey: () => string,
    private readonly enough: number,
  ) {}

  /** Resolves when the text is durable. */
  append(text: string): Promise<void> {
    this.#texts.push(text);
    const { promise } = this.#durable;
    if (!this.#writing) this.#schedule();
    return promise;
  }

  #schedule(): void {
    if (this.#texts.length >= this.enough) return this.#write();
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      if (!this.#writing && this.#texts.length > 0) this.#write();
    });
  }

  #write(): void {
    const texts = this.#texts;
    const durable = this.#durable;
    this.#texts = [];
    this.#durable = Promise.withResolvers<void>();
    this.#writing = true;
    const puts = Array.from({ length: Math.ceil(texts.length / PACKED) }, (_, at) => ({
      type: 'put' as const,
      key: this.nextKey(),
      value: Buffer.from(texts.slice(at * PACKED, (at + 1) * PACKED).join('\n'), 'latin1'),
    }));
    this.raw.batch(puts, { sync: true }).then(
      () => {
        this.#writing = false;
        if (this.#texts.length >= this.enough) this.#write();
        durable.resolve();
        if (!this.#writing && this.#texts.length > 0) this.#schedule();
      },
      (error: unknown) => durable.reject(error),
    );
  }
}
