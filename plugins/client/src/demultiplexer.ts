/** A piece of a process's output: 1 stdout, 2 stderr. */
export interface Output {
  readonly stream: 1 | 2;
  readonly data: Uint8Array;
}

const HEADER_BYTES = 8;

/**
 * Takes apart Docker's multiplexed stream: frames of an 8-byte header `[stream, 0, 0, 0, length as big-endian 32 bits]` and
 * payload (Engine API, ContainerAttach). Payload is handed on as it comes, never gathered, so that a long frame costs no memory.
 */
export class Demultiplexer {
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerFilled = 0;
  #stream: 1 | 2 = 1;
  #left = 0;

  /** The output in one chunk. Throws TypeError where no frame can begin. */
  feed(chunk: Uint8Array): Output[] {
    const outputs: Output[] = [];
    let at = 0;
    while (at < chunk.length) {
      if (this.#left > 0) {
        const data = chunk.subarray(at, at + this.#left);
        outputs.push({ stream: this.#stream, data });
        this.#left -= data.length;
        at += data.length;
        continue;
      }
      const piece = chunk.subarray(at, at + HEADER_BYTES - this.#headerFilled);
      this.#header.set(piece, this.#headerFilled);
      this.#headerFilled += piece.length;
      at += piece.length;
      if (this.#headerFilled === HEADER_BYTES) this.#beginFrame();
    }
    return outputs;
  }

  #beginFrame(): void {
    const kind = this.#header[0];
    if (kind === undefined || kind > 2) throw new TypeError(`the output stream is broken: a frame of kind ${kind}`);
    // 0 is stdin, which Docker's clients print as output.
    this.#stream = kind === 2 ? 2 : 1;
    this.#left = new DataView(this.#header.buffer).getUint32(4);
    this.#headerFilled = 0;
  }
}

/** Output of a stream that is framed (`multiplexed`) or a terminal's raw bytes. */
export async function* outputOf(chunks: AsyncIterable<Uint8Array>, multiplexed: boolean): AsyncGenerator<Output, void, undefined> {
  if (!multiplexed) {
    for await (const data of chunks) yield { stream: 1, data };
    return;
  }
  const demultiplexer = new Demultiplexer();
  for await (const chunk of chunks) yield* demultiplexer.feed(chunk);
}
