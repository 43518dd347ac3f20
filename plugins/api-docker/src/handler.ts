import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type Actor, type ApiHandler, type Caller, type Engine, ShiplogError } from '@shiplog/contracts';
import type { Exchange } from './http/exchange.ts';
import { COMMON_HEADERS } from './http/headers.ts';
import { type RawStream, bodyStream, hangUp, upgradedStream } from './http/raw-stream.ts';
import { momentOf } from './http/moment.ts';
import { failure } from './http/reply.ts';
import { decoded, type RouteEntry, type RouteMatch, type Router, verbOf } from './http/router.ts';
import { UpgradeInput } from './http/upgrade-input.ts';
import { type ApiVersion, checkVersion, splitVersion } from './http/version.ts';
import { type MessageKind, noHandshake, webSocketStream } from './http/web-socket.ts';
import { events } from './routes/system/events.ts';
import { nowNanoseconds } from './translate/time.ts';

// Not by `import`: an ES module of it evaluates every export, among them a whole other HTTP client, 15 MB of it.
const http = process.getBuiltinModule('node:http');

/** How a connection gives its body and takes its answer; the rest of an exchange is the same for all. */
type Connection = Pick<Exchange, 'request' | 'response' | 'body' | 'gone' | 'hijack' | 'webSocket'> & {
  /** Tells the client of an error, or ends the connection when it can be told no more. */
  fail(error: ShiplogError): void;
};

/** A request before its route sees it. */
type Asked = Pick<Exchange, 'version' | 'query' | 'caller'> & { readonly method: string; readonly match: RouteMatch | undefined };

/** Methods that change nothing. */
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Characters that are recorded of a path that nothing serves. */
const LONGEST_PATH = 256;

/** Answers Docker's API. It takes every request, unknown paths too: ask other APIs first. */
export class DockerHandler implements ApiHandler {
  readonly #engine: Engine;
  readonly #router: Router;

  constructor(engine: Engine, router: Router) {
    this.#engine = engine;
    this.#router = router;
  }

  request(request: IncomingMessage, response: ServerResponse, actor: Actor): boolean {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    // A body that was refused half-way is read to its end and dropped, or the connection would hang.
    response.on('finish', () => request.resume());
    // The iterator must not destroy the request when a route stops reading: the answer still goes out on its socket.
    const body = request.iterator({ destroyOnReturn: false });
    const hijack = (contentType: string): RawStream => bodyStream(response, body, contentType);
    const webSocket = async (): Promise<never> => {
      throw noHandshake();
    };
    void this.#answer({ request, response, body, gone: gone.signal, hijack, webSocket, fail: (error) => failure(response, error) }, actor);
    return true;
  }

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, actor: Actor): boolean {
    const gone = new AbortController();
    socket.on('close', () => gone.abort());
    // A broken connection shows as `close`; without a listener the error would end the daemon.
    socket.on('error', () => gone.abort());
    const input = new UpgradeInput(request, socket, head);
    const response = new http.ServerResponse(request);
    response.shouldKeepAlive = false;
    // A socket, or what Node puts before one while a body is on its way: a response needs only what every duplex has.
    const connection = socket as Socket;
    response.assignSocket(connection);
    response.on('finish', () => {
      response.detachSocket(connection);
      hangUp(socket, input);
    });
    let hijacked = false;
    const hijack = (contentType: string): RawStream => {
      hijacked = true;
      response.detachSocket(connection);
      return upgradedStream(socket, input, contentType);
    };
    const webSocket = async (messages: MessageKind): Promise<RawStream> => {
      const stream = await webSocketStream(request, socket, head, messages);
      hijacked = true;
      response.detachSocket(connection);
      return stream;
    };
    const body = input.body();
    const fail = (error: ShiplogError): void => {
      if (hijacked) socket.destroy();
      else failure(response, error);
    };
    void this.#answer({ request, response, body, gone: gone.signal, hijack, webSocket, fail }, actor);
    return true;
  }

  async #answer(connection: Connection, actor: Actor): Promise<void> {
    const { request, response } = connection;
    for (const [name, value] of Object.entries(COMMON_HEADERS)) response.setHeader(name, value);
    // The path is taken as it came: URL resolves `..` and would change names.
    const [target = '/'] = (request.url ?? '/').split('#');
    const mark = target.indexOf('?');
    const query = new URLSearchParams(mark === -1 ? '' : target.slice(mark));
    const { version, path } = splitVersion(mark === -1 ? target : target.slice(0, mark));
    const method = request.method ?? 'GET';
    const match = this.#router.match(method, path);
    const caller = callerOf(request, actor, match?.entry.template ?? path.slice(0, LONGEST_PATH), version);
    try {
      const { entry, params } = await this.#admit({ method, match, version, query, caller });
      await entry.route({ ...connection, engine: this.#engine, params, query, version, caller });
    } catch (error) {
      connection.fail(this.#engine.told(error));
    }
  }

  /** What a route may see, its parameters decoded. That it may not is recorded, where it was for a change or for a read of the log. */
  async #admit({ method, match, version, query, caller }: Asked): Promise<RouteMatch> {
    try {
      checkVersion(version);
      if (match === undefined) throw new ShiplogError('NOT_FOUND', 'page not found');
      refuseMoment(match.entry, query);
      const admitted = { entry: match.entry, params: decoded(match.params) };
      // Reads of the log record themselves, with what they read; of others the operator says whether they are recorded.
      if (method === 'GET' && match.entry.route !== events) await this.#recordRead(caller, query);
      return admitted;
    } catch (error) {
      const change = match?.entry.leaves !== undefined || (!READING.has(method) && match?.entry.harmless !== true);
      const read = method === 'GET' && (match?.entry.route === events || (match?.entry.past === true && query.has('at')));
      if (!change && !read) throw error;
      const verb = read ? 'log.read' : match && verbOf(match.entry, query);
      throw await this.#engine.refuse(verb, ShiplogError.wrap(error), caller);
    }
  }

  async #recordRead(caller: Caller, query: URLSearchParams): Promise<void> {
    const at = momentOf(query, nowNanoseconds());
    const { log } = this.#engine;
    const seq = at === undefined ? log.durableSeq : 'seq' in at ? at.seq : await log.positionAt(BigInt(at.time));
    await this.#engine.recordRead({ from: seq, to: seq, follow: false, past: at !== undefined }, caller);
  }
}

/** Who asks for a moment must not get, or change, what is now. */
function refuseMoment({ method, template, past }: RouteEntry, query: URLSearchParams): void {
  if (past === true || !query.has('at')) return;
  throw new ShiplogError('REQUEST_INVALID', `${method} ${template} takes no moment: "at" is for routes that list and inspect`, {
    at: query.get('at'),
  });
}

function callerOf(request: IncomingMessage, actor: Actor, route: string, version: ApiVersion): Caller {
  const agent = request.headers['user-agent'];
  const id = header(request, 'x-request-id');
  const idem = header(request, 'idempotency-key');
  return {
    actor,
    // In the order in which the log writes it.
    req: {
      ...(agent === undefined ? {} : { agent: agent.slice(0, 256) }),
      api: version.text.slice(0, 16),
      ...(id === undefined ? {} : { id: id.slice(0, 128) }),
      method: request.method ?? 'GET',
      route,
    },
    ...(idem === undefined ? {} : { idem }),
  };
}

function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value[0] : value;
}
