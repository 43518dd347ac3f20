import { open } from 'node:fs/promises';
import { SeqpacketSocket } from 'node-unix-socket';
import { type IoChannel, type OutputChunk, ShiplogError } from '@shiplog/contracts';

/** The monitor reads packets of at most 32 KiB; a longer one would be cut. */
const PACKET = 16_384;

/**
 * Connects to a monitor's attach socket (SOCK_SEQPACKET). Each packet it sends begins with the stream, 2 stdout or 3 stderr;
 * what it receives goes to the process's stdin, and the end of it ends stdin.
 */
export async function connectAttach(directory: string): Promise<IoChannel> {
  // Socket paths end at 107 bytes; through a descriptor of its directory any socket is near.
  const handle = await open(directory, 'r').catch((error: unknown) => {
    throw notListening(directory, error);
  });
  const socket = new SeqpacketSocket();
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject);
      socket.connect(`/proc/self/fd/${handle.fd}/attach`, () => {
        socket.off('error', reject);
        resolve();
      });
    });
  } catch (error) {
    socket.destroy();
    throw notListening(directory, error);
  } finally {
    await handle.close();
  }
  return new MonitorChannel(socket);
}

function notListening(directory: string, cause: unknown): ShiplogError {
  return new ShiplogError(
    'CONTAINER_NOT_RUNNING',
    'the process cannot be attached to: it has ended, and its monitor does not listen',
    { directory },
    { cause },
  );
}

class MonitorChannel implements IoChannel {
  readonly output: AsyncIterable<OutputChunk>;
  readonly #chunks: OutputChunk[] = [];
  #ended = false;
  #inputEnded = false;
  #wake: () => void = () => undefined;

  constructor(private readonly socket: SeqpacketSocket) {
    const end = (): void => {
      this.#ended = true;
      this.#wake();
    };
    socket.on('data', (packet: Buffer) => {
      // The buffer is ours alone: the library makes one per packet.
      if (packet.length > 1) this.#chunks.push({ stream: packet[0] === 3 ? 2 : 1, data: packet.subarray(1) });
      this.#wake();
    });
    socket.on('end', end);
    socket.on('close', end);
    // A monitor that ends while we write is the end of the process.
    socket.on('error', end);
    this.output = { [Symbol.asyncIterator]: () => this.#read() };
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    for (;;) {
      const chunk = this.#chunks.shift();
      if (chunk !== undefined) yield chunk;
      else if (this.#ended) break;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
    this.close();
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.#ended && !this.#inputEnded; at += PACKET) {
      const packet = Buffer.from(data.subarray(at, at + PACKET));
      await new Promise<void>((resolve) => {
        this.socket.once('close', resolve);
        this.socket.write(packet, 0, packet.length, () => {
          this.socket.off('close', resolve);
          resolve();
        });
      });
    }
  }

  endInput(): void {
    if (this.#ended || this.#inputEnded) return;
    this.#inputEnded = true;
    this.socket.end();
  }

  close(): void {
    this.#ended = true;
    this.socket.destroy();
    this.#wake();
  }
}
