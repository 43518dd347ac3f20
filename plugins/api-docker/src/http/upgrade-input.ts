import type { Socket } from 'node:net';

/**
 * Reads an upgraded connection: first the request's body, exactly as long as it was announced, then the rest. Node parses
 * no body of an upgrade request: its bytes are in `head` and on the socket.
 */
export class UpgradeInput {
  #pending: Buffer;
  readonly #socket: Socket;
  #chunks: AsyncIterator<Buffer> | undefined;

  constructor(socket: Socket, head: Buffer) {
    this.#socket = socket;
    this.#pending = head;
  }

  async *body(length: number): AsyncGenerator<Uint8Array> {
    let left = length;
    while (left > 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      this.#pending = chunk.subarray(left);
      const part = chunk.subarray(0, left);
      left -= part.length;
      yield part;
    }
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#pending.length > 0) {
      const chunk = this.#pending;
      this.#pending = Buffer.alloc(0);
      return chunk;
    }
    // The iterator must not destroy the socket at the end of input: output goes on after a half-close.
    this.#chunks ??= this.#socket.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
    const next = await this.#chunks.next();
    return next.done === true ? undefined : next.value;
  }
}
