import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** Below this many milliseconds nobody waits: timers are not that exact. */
const WAIT_MS = 5;

/** A port of this host that leads to another, and lets so many bytes a second of what comes back through, of all connections together. */
export class SlowLink implements AsyncDisposable {
  readonly #server = createServer((near) => void this.#join(near));
  readonly #sockets = new Set<Socket>();
  #freeAt = 0;

  private constructor(
    private readonly port: number,
    private readonly bytesPerSecond: number,
  ) {}

  static async open(port: number, bytesPerSecond: number): Promise<SlowLink> {
    const link = new SlowLink(port, bytesPerSecond);
    link.#server.listen(0, '127.0.0.1');
    await once(link.#server, 'listening');
    return link;
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #join(near: Socket): Promise<void> {
    const far = connect(this.port, '127.0.0.1');
    for (const socket of [near, far]) {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
      // It closes then, which the loop below notices.
      socket.on('error', () => undefined);
    }
    // What was sent is still to come through when the far end closes.
    near.on('close', () => far.destroy());
    near.pipe(far);
    try {
      for await (const chunk of far as AsyncIterable<Buffer>) {
        await this.#turn(chunk.length);
        if (!near.destroyed && !near.write(chunk)) await Promise.race([once(near, 'drain'), once(near, 'close')]);
      }
      near.end();
    } catch {
      near.destroy();
    }
  }

  async #turn(bytes: number): Promise<void> {
    const now = performance.now();
    this.#freeAt = Math.max(this.#freeAt, now) + (bytes / this.bytesPerSecond) * 1000;
    if (this.#freeAt - now > WAIT_MS) await sleep(this.#freeAt - now);
  }
}
