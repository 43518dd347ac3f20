import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Before a registry, on loopback: passes requests on, and holds those that a test wants held until it lets them go. */
export class Gate implements AsyncDisposable {
  /** `METHOD /path`, in the order in which they came. */
  readonly seen: string[] = [];
  #holds: RegExp | undefined;
  readonly #held: (() => void)[] = [];
  #arrived = Promise.withResolvers<void>();

  private constructor(
    private readonly server: Server,
    readonly host: string,
  ) {}

  static async before(registry: string): Promise<Gate> {
    const server = createServer((asked, answer) => {
      const what = `${asked.method} ${asked.url}`;
      gate.seen.push(what);
      if (gate.#holds?.test(what) !== true) return passOn(registry, asked, answer);
      gate.#held.push(() => passOn(registry, asked, answer));
      gate.#arrived.resolve();
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const gate = new Gate(server, `127.0.0.1:${(server.address() as AddressInfo).port}`);
    return gate;
  }

  /** From now on. Resolves when the first request is held. */
  hold(which: RegExp): Promise<void> {
    this.#holds = which;
    this.#arrived = Promise.withResolvers();
    return this.#arrived.promise;
  }

  /** Lets all go that are held, and holds no more. */
  open(): void {
    this.#holds = undefined;
    for (const go of this.#held.splice(0)) go();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    this.server.close();
    await once(this.server, 'close');
  }
}

function passOn(registry: string, asked: IncomingMessage, answer: ServerResponse): void {
  const { method, url, headers } = asked;
  const onwards = request(`http://${registry}${url}`, { method, headers, agent: false }, (got) => {
    answer.writeHead(got.statusCode ?? 502, got.headers);
    got.pipe(answer);
  });
  onwards.on('error', () => answer.destroy());
  answer.on('error', () => onwards.destroy());
  asked.pipe(onwards);
}
