import { request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  readonly status: number;
  readonly body: string;
}

/** One request over a unix socket, and its whole answer. A string body goes as JSON, bytes as an archive. */
export function ask(
  socketPath: string,
  method: string,
  path: string,
  body?: string | Uint8Array,
  headers: { readonly [name: string]: string } = {},
): Promise<RawAnswer> {
  const type = typeof body === 'string' ? 'application/json' : 'application/x-tar';
  return new Promise((resolve, reject) => {
    const call = request(
      { socketPath, method, path, headers: body === undefined ? headers : { 'content-type': type, ...headers }, agent: false },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body: text }));
        response.on('error', reject);
      },
    );
    call.on('error', reject);
    call.end(body);
  });
}

/** A connection on which a test says and hears every byte itself. */
export class RawConnection {
  readonly socket: Socket;
  #heard = Buffer.alloc(0);
  #ended = false;

  private constructor(socketPath: string) {
    this.socket = connect({ path: socketPath, allowHalfOpen: true });
    this.socket.on('data', (chunk: Buffer) => (this.#heard = Buffer.concat([this.#heard, chunk])));
    this.socket.on('end', () => (this.#ended = true));
    this.socket.on('close', () => (this.#ended = true));
    // A daemon that hangs up shows as the end.
    this.socket.on('error', () => (this.#ended = true));
  }

  /** Connects and sends a request's head and `body`. A header that is '' is left out. */
  static request(
    socketPath: string,
    method: string,
    path: string,
    headers: { readonly [name: string]: string } = {},
    body = '',
  ): RawConnection {
    const connection = new RawConnection(socketPath);
    const all = { Host: 'docker', 'Content-Length': String(Buffer.byteLength(body)), ...headers };
    const lines = Object.entries(all)
      .filter(([, value]) => value !== '')
      .map(([name, value]) => `${name}: ${value}\r\n`);
    connection.socket.write(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${body}`);
    return connection;
  }

  get heard(): string {
    return this.#heard.toString('latin1');
  }

  get ended(): boolean {
    return this.#ended;
  }

  /** Waits until `pattern` was heard. Throws after `ms`. */
  async hears(pattern: RegExp, ms = 60_000): Promise<string> {
    for (const until = performance.now() + ms; performance.now() < until; await sleep(5)) if (pattern.test(this.heard)) return this.heard;
    throw new Error(`not heard in ${ms} ms: ${pattern}; heard ${JSON.stringify(this.heard)}`);
  }

  /** Waits until the daemon has ended its side. Throws after `ms`. */
  async end(ms = 60_000): Promise<string> {
    for (const until = performance.now() + ms; performance.now() < until; await sleep(5)) if (this.#ended) return this.heard;
    throw new Error(`the daemon did not end the connection in ${ms} ms; heard ${JSON.stringify(this.heard)}`);
  }

  hangUp(): void {
    this.socket.destroy();
  }
}
