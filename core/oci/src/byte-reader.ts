/** Reads a stream of chunks by exact counts of bytes. */
export class ByteReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #current: Uint8Array = new Uint8Array(0);
  #ended = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  /** The next bytes, at least one and at most `limit`; undefined at the end of the stream. */
  async some(limit: number): Promise<Uint8Array | undefined> {
    while (this.#current.byteLength === 0) {
      if (this.#ended) return undefined;
      const next = await this.#chunks.next();
      if (next.done === true) this.#ended = true;
      else this.#current = next.value;
    }
    const taken = this.#current.subarray(0, limit);
    this.#current = this.#current.subarray(taken.byteLength);
    return taken;
  }

  /** The next `count` bytes, fewer only if the stream ends before. */
  async exactly(count: number): Promise<Uint8Array> {
    const first = (await this.some(count)) ?? new Uint8Array(0);
    if (first.byteLength === count) return first;
    const parts = [first];
    let missing = count - first.byteLength;
    while (missing > 0) {
      const part = await this.some(missing);
      if (part === undefined) break;
      parts.push(part);
      missing -= part.byteLength;
    }
    return Buffer.concat(parts);
  }

  /** Passes over `count` bytes; answers how many there were. */
  async skip(count: number): Promise<number> {
    let missing = count;
    while (missing > 0) {
      const part = await this.some(missing);
      if (part === undefined) break;
      missing -= part.byteLength;
    }
    return count - missing;
  }

  /** Ends the source early. */
  async close(): Promise<void> {
    if (this.#ended) return;
    this.#ended = true;
    await this.#chunks.return?.();
  }
}
