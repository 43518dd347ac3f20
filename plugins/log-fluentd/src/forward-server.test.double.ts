import { createServer, type Server, type Socket } from 'node:net';
import { decode, decodeMultiStream, encode, ExtData } from '@msgpack/msgpack';

/** A record as it came, with its time in nanoseconds. */
export interface ForwardedRecord {
  readonly tag: string;
  readonly time: bigint;
  readonly fields: { readonly [name: string]: string };
}

/** A server of Fluentd's Forward Protocol that understands every mode a client may use and keeps what comes. */
export class ForwardServer {
  readonly records: ForwardedRecord[] = [];
  /** Takes batches and loses them, without an acknowledgement, while it is true. */
  deaf = false;
  /** How many batches it lost so. */
  lost = 0;
  readonly #server: Server = createServer((socket) => void this.#serve(socket));
  readonly #sockets = new Set<Socket>();

  /** A port, or a unix socket's path. */
  async listen(where: number | string): Promise<number> {
    await new Promise<void>((resolve) =>
      typeof where === 'number' ? this.#server.listen(where, '127.0.0.1', resolve) : this.#server.listen(where, resolve),
    );
    const address = this.#server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('error', () => undefined);
    try {
      for await (const message of decodeMultiStream(socket)) {
        if (this.deaf) {
          this.lost += 1;
          socket.destroy();
          return;
        }
        const [tag, second, third, fourth] = message as [string, unknown, unknown, unknown];
        let options = third;
        if (Array.isArray(second)) for (const [time, fields] of second) this.#keep(tag, time, fields);
        else if (second instanceof Uint8Array) this.#keepPacked(tag, second);
        else {
          this.#keep(tag, second, third);
          options = fourth;
        }
        const { chunk } = (options ?? {}) as { readonly chunk?: string };
        if (chunk !== undefined) socket.write(encode({ ack: chunk }));
      }
    } catch (error) {
      if (!socket.destroyed) throw error;
    }
  }

  #keepPacked(tag: string, packed: Uint8Array): void {
    const [time, fields] = decode(packed) as [unknown, unknown];
    this.#keep(tag, time, fields);
  }

  #keep(tag: string, time: unknown, fields: unknown): void {
    this.records.push({ tag, time: nanoseconds(time), fields: fields as { readonly [name: string]: string } });
  }
}

function nanoseconds(time: unknown): bigint {
  if (typeof time === 'number') return BigInt(time) * 1_000_000_000n;
  if (!(time instanceof ExtData) || time.type !== 0 || typeof time.data === 'function') throw new Error(`no time: ${String(time)}`);
  const bytes = Buffer.from(time.data);
  return BigInt(bytes.readUInt32BE(0)) * 1_000_000_000n + BigInt(bytes.readUInt32BE(4));
}
