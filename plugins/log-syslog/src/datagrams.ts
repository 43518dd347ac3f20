import { setTimeout as sleep } from 'node:timers/promises';
import { DgramSocket } from 'node-unix-socket';

/** The library may never tell what became of a datagram that found the server's queue full. */
const STALLED_MS = 100;
const TRIES = 100;

/** Sends datagrams to a unix socket, one after the other. One that stalls is sent again through another socket, so it may come twice. */
export class Datagrams {
  #socket = Datagrams.#open();

  constructor(private readonly path: string) {}

  async send(bytes: Buffer): Promise<void> {
    for (let tries = 1; tries <= TRIES; tries += 1) {
      const sent = new Promise<true>((resolve, reject) => {
        this.#socket.sendTo(bytes, 0, bytes.length, this.path, (error) =>
          error === undefined || error === null ? resolve(true) : reject(error),
        );
      });
      if (await Promise.race([sent, sleep(STALLED_MS, false)])) return;
      sent.catch(() => undefined);
      this.#socket.close();
      this.#socket = Datagrams.#open();
    }
    throw new Error(`${this.path} takes nothing any more`);
  }

  close(): void {
    this.#socket.close();
  }

  static #open(): DgramSocket {
    const socket = new DgramSocket();
    // What fails is told to the sender.
    socket.on('error', () => undefined);
    return socket;
  }
}
