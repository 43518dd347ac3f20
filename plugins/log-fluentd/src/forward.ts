import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { decodeMultiStream, encode, ExtData } from '@msgpack/msgpack';
import type { Address } from './address.ts';

export interface ForwardOptions {
  readonly tag: string;
  /** Batches carry an id that the server answers once it has them. */
  readonly acknowledged: boolean;
  readonly nanoseconds: boolean;
}

export interface ForwardRecord {
  /** Nanoseconds since the epoch, decimal. */
  readonly time: string;
  readonly fields: { readonly [name: string]: string };
}

const CONNECT_MS = 10_000;
const ACK_MS = 30_000;

/** A client of Fluentd's Forward Protocol, version 1, in forward mode: `[tag, [[time, record], …], options]` in MessagePack. */
export class ForwardConnection {
  readonly #acks: AsyncIterator<unknown>;

  private constructor(
    private readonly socket: Socket,
    private readonly options: ForwardOptions,
  ) {
    this.#acks = decodeMultiStream(socket)[Symbol.asyncIterator]();
  }

  static async open(address: Address, options: ForwardOptions): Promise<ForwardConnection> {
    const socket = connect('path' in address ? { path: address.path } : address);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => socket.destroy(new Error(`no connection within ${CONNECT_MS / 1000} s`)), CONNECT_MS);
      socket.once('connect', () => {
        clearTimeout(timer);
        resolve();
      });
      socket.once('error', (error) => {
        clearTimeout(timer);
        reject(error);
      });
    });
    // Told to whoever sends next.
    socket.on('error', () => undefined);
    socket.unref();
    return new ForwardConnection(socket, options);
  }

  /** Resolves when the server has said that it has them, or, without acknowledgements, when the kernel has them. */
  async send(records: readonly ForwardRecord[], signal: AbortSignal): Promise<void> {
    const { tag, acknowledged } = this.options;
    const chunk = acknowledged ? { chunk: randomBytes(16).toString('base64') } : {};
    const entries = records.map(({ time, fields }) => [this.#time(time), fields]);
    await this.#write(encode([tag, entries, { size: records.length, ...chunk }]));
    if (chunk.chunk !== undefined) await this.#acknowledgement(chunk.chunk, signal);
  }

  async close(): Promise<void> {
    if (this.socket.destroyed) return;
    await new Promise<void>((resolve) => {
      this.socket.ref();
      this.socket.once('close', () => resolve());
      this.socket.end(() => this.socket.destroySoon());
    });
  }

  /** EventTime: extension 0, seconds and nanoseconds in 32 bits each, big endian. */
  #time(time: string): number | ExtData {
    const seconds = Number(time.slice(0, -9));
    if (!this.options.nanoseconds) return seconds;
    const bytes = Buffer.alloc(8);
    bytes.writeUInt32BE(seconds, 0);
    bytes.writeUInt32BE(Number(time.slice(-9)), 4);
    return new ExtData(0, bytes);
  }

  #write(bytes: Uint8Array): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.socket.destroyed || this.socket.readableEnded) return reject(new Error('the server closed the connection'));
      this.socket.write(bytes, (error) => (error === undefined || error === null ? resolve() : reject(error)));
    });
  }

  async #acknowledgement(chunk: string, signal: AbortSignal): Promise<void> {
    const waited = AbortSignal.any([signal, AbortSignal.timeout(ACK_MS)]);
    const abort = (): void => void this.socket.destroy(new Error('no acknowledgement came'));
    waited.addEventListener('abort', abort, { once: true });
    try {
      const { value, done } = await this.#acks.next();
      if (done === true || (value as { readonly ack?: string }).ack !== chunk) throw new Error('the server did not acknowledge the batch');
    } finally {
      waited.removeEventListener('abort', abort);
    }
  }
}
