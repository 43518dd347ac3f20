import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A request as the daemon saw it. */
export interface Seen {
  readonly method: string;
  /** Without the version. */
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: string;
}

/** Answers one request: a document, or `[status, document]`; a stream of text where it is an async iterable. */
export type Answer = (seen: Seen) => unknown;

/** What happens on a hijacked connection. `finish` lets the container exit. */
export type Process = (socket: Socket, daemon: FakeDaemon, head: Buffer) => void;

/**
 * A daemon that speaks Docker's routes over a unix socket as docker-surface says, with scripted answers: it knows nothing of
 * containers beyond one that `process` plays.
 */
export class FakeDaemon {
  readonly seen: Seen[] = [];
  readonly answers = new Map<string, Answer>();
  process: Process = (socket, daemon) => {
    socket.end();
    daemon.finish(0);
  };
  tty = false;
  apiVersion = '1.44';
  readonly #exit = Promise.withResolvers<number>();
  readonly #server: Server;
  readonly #directory: string;

  private constructor(directory: string) {
    this.#directory = directory;
    this.#server = createServer((request, response) => void this.#request(request, response));
    this.#server.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => void this.#upgrade(request, socket, head));
  }

  static async run(test: (daemon: FakeDaemon) => Promise<void>): Promise<void> {
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-cli-'));
    const daemon = new FakeDaemon(directory);
    daemon.#server.listen(join(directory, 's'));
    await once(daemon.#server, 'listening');
    try {
      await test(daemon);
    } finally {
      daemon.#server.closeAllConnections();
      daemon.#server.close();
      await rm(directory, { recursive: true });
    }
  }

  get host(): string {
    return `unix://${join(this.#directory, 's')}`;
  }

  get directory(): string {
    return this.#directory;
  }

  /** Dies: whatever is being answered is cut. */
  hangUp(): void {
    this.#server.closeAllConnections();
  }

  /** The container's process exits. */
  finish(code: number): void {
    this.#exit.resolve(code);
  }

  /** What was asked, as `METHOD path`, in order and without pings. */
  get calls(): string[] {
    return this.seen.filter((seen) => seen.path !== '/_ping').map((seen) => `${seen.method} ${seen.path}`);
  }

  body(call: string): unknown {
    const seen = this.seen.find((one) => `${one.method} ${one.path}` === call);
    return seen === undefined ? undefined : JSON.parse(seen.body);
  }

  async #request(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const seen = this.#note(request, await textOf(request));
    response.setHeader('Api-Version', this.apiVersion);
    response.setHeader('Ostype', 'linux');
    response.setHeader('Content-Type', 'application/json');
    if (seen.path === '/_ping') {
      response.end('OK');
      return;
    }
    if (seen.path.endsWith('/wait')) {
      response.flushHeaders();
      response.end(JSON.stringify({ StatusCode: await this.#exit.promise }));
      return;
    }
    const answer = this.answers.get(`${seen.method} ${seen.path}`) ?? this.#builtIn(seen);
    const [status, document] = reply(answer(seen));
    response.statusCode = status;
    if (isIterable(document)) for await (const text of document) response.write(text);
    else if (document !== undefined) response.write(JSON.stringify(document));
    response.end();
  }

  #builtIn(seen: Seen): Answer {
    if (seen.path.endsWith('/create')) return () => [201, { Id: 'c'.repeat(64), Warnings: [] }];
    if (seen.path.endsWith('/exec')) return () => [201, { Id: 'e1' }];
    if (/\/(start|kill|resize)$/.test(seen.path)) return () => [204, undefined];
    if (seen.method === 'DELETE') return () => [204, undefined];
    if (/^\/containers\/[^/]+\/json$/.test(seen.path)) {
      return () => ({ Id: 'c'.repeat(64), Name: '/web', State: { Running: true }, Config: { Tty: this.tty, OpenStdin: true } });
    }
    return () => [404, { message: `page not found: ${seen.path}` }];
  }

  async #upgrade(request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    // Since Node 25 the body of a request that upgrades is read like any other.
    this.#note(request, await textOf(request));
    const kind = this.tty ? 'raw-stream' : 'multiplexed-stream';
    socket.write(`HTTP/1.1 101 UPGRADED\r\nContent-Type: application/vnd.docker.${kind}\r\nConnection: Upgrade\r\nUpgrade: tcp\r\n\r\n`);
    this.process(socket, this, head);
  }

  #note(request: IncomingMessage, body: string): Seen {
    const url = new URL(request.url ?? '', 'http://daemon');
    const seen = { method: request.method ?? '', path: url.pathname.replace(/^\/v[\d.]+(?=\/)/, ''), query: url.searchParams, body };
    this.seen.push(seen);
    return seen;
  }
}

/** A frame of the multiplexed stream. */
export function frame(stream: 1 | 2, text: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(text), 4);
  return Buffer.concat([header, Buffer.from(text)]);
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request.setEncoding('utf8')) text += String(chunk);
  return text;
}

function reply(answer: unknown): readonly [number, unknown] {
  return Array.isArray(answer) && typeof answer[0] === 'number' ? [answer[0], answer[1]] : [200, answer];
}

function isIterable(document: unknown): document is AsyncIterable<string> {
  return typeof document === 'object' && document !== null && Symbol.asyncIterator in document;
}
