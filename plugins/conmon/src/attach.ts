import { open } from 'node:fs/promises';
import { SeqpacketSocket } from 'node-unix-socket';
import { type IoChannel, type OutputChunk, ShiplogError } from '@shiplog/contracts';
import { Backlog } from './backlog.ts';

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
        soon(resolve);
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

/**
 * Runs `then` in a turn of its own. The socket's library calls back without the scope that Node gives its own callbacks:
 * promises that are settled there would wait until something else happens in this process, for seconds perhaps.
 */
function soon(then: () => void): void {
  setImmediate(then);
}

class MonitorChannel implements IoChannel {
  readonly output: AsyncIterable<OutputChunk>;
  readonly #backlog = new Backlog();
  #ended = false;
  #inputEnded = false;

  constructor(private readonly socket: SeqpacketSocket) {
    const end = (): void => {
      this.#ended = true;
      this.#backlog.end();
    };
    socket.on('data', (packet: Buffer) => {
      // The buffer is ours alone: the library makes one per packet.
      if (packet.length <= 1) return;
      const taken = this.#backlog.push({ stream: packet[0] === 3 ? 2 : 1, data: packet.subarray(1) });
      if (!taken && !this.#ended) this.close();
    });
    socket.on('end', end);
    socket.on('close', end);
    // A monitor that ends while we write is the end of the process.
    socket.on('error', end);
    this.output = { [Symbol.asyncIterator]: () => this.#read() };
  }

  async *#read(): AsyncGenerator<OutputChunk> {
    try {
      yield* this.#backlog.chunks();
    } finally {
      this.close();
    }
  }

  async write(data: Uint8Array): Promise<void> {
    for (let at = 0; at < data.length && !this.#ended && !this.#inputEnded; at += PACKET) {
      const packet = Buffer.from(data.subarray(at, at + PACKET));
      await new Promise<void>((resolve) => {
        const done = (): void => {
          this.socket.off('close', done);
          this.socket.off('end', done);
          soon(resolve);
        };
        this.socket.once('close', done);
        this.socket.once('end', done);
        this.socket.write(packet, 0, packet.length, done);
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
    this.#backlog.end();
  }
}
