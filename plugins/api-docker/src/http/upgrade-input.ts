import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Reads an upgraded connection: first the request's body, exactly as long as it was announced, then the rest. Newer
 * releases of Node parse the body of an upgrade request and give it with the request; older ones leave its bytes in `head`
 * and on the socket. Both are read.
 */
export class UpgradeInput {
  readonly #request: IncomingMessage;
  readonly #socket: Duplex;
  #pending: Buffer;
  #chunks: AsyncIterator<Buffer> | undefined;
  #bodyLeft: number;

  constructor(request: IncomingMessage, socket: Duplex, head: Buffer) {
    this.#request = request;
    this.#socket = socket;
    this.#pending = head;
    this.#bodyLeft = Number(request.headers['content-length'] ?? 0);
  }

  async *body(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#request.iterator({ destroyOnReturn: false })) {
      this.#bodyLeft -= chunk.length;
      yield chunk;
    }
    while (this.#bodyLeft > 0) {
      const chunk = await this.#next();
      if (chunk === undefined) return;
      this.#pending = chunk.subarray(this.#bodyLeft);
      const part = chunk.subarray(0, this.#bodyLeft);
      this.#bodyLeft -= part.length;
      yield part;
    }
  }

  /** What follows the body; a body that nobody read is dropped. */
  async *rest(): AsyncGenerator<Uint8Array> {
    const unread = this.body();
    while ((await unread.next()).done !== true) continue;
    for (let chunk = await this.#next(); chunk !== undefined; chunk = await this.#next()) yield chunk;
  }

  /** Reads and drops what still comes, so that the end of the connection is noticed. */
  async discard(): Promise<void> {
    try {
      const unread = this.rest();
      while ((await unread.next()).done !== true) continue;
    } catch (error) {
      // The connection broke: there is nothing left to drop.
      this.#socket.destroy(error instanceof Error ? error : undefined);
    }
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
