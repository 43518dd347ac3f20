import type { ClientRequest, IncomingMessage } from 'node:http';
import { isIP } from 'node:net';
import type { Duplex, Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ApiError, UnreachableError } from './api-error.ts';
import { type Host, parseHost } from './host.ts';
import type { TlsMaterial } from './tls.ts';

// An import statement would read every export of node:http, and one of them loads a whole WebSocket client: 40 ms.
const { Agent, request: httpRequest } = process.getBuiltinModule('node:http');

/** Where Docker's daemons listen with TLS. */
const TLS_PORT = 2376;

/** Values of a query; undefined ones are left out, lists repeat. */
export type Query = { readonly [name: string]: string | number | boolean | readonly string[] | undefined };

export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Absolute path, escaped where needed. */
  readonly path: string;
  readonly query?: Query | undefined;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, as a tar. */
  readonly body?: Readable | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A connection that has left HTTP: bytes both ways. Ending `socket` closes the process's stdin; output still comes. */
export interface Hijacked {
  readonly socket: Duplex;
  /** stdout and stderr are framed; otherwise a terminal's raw bytes. */
  readonly multiplexed: boolean;
}

/** Speaks HTTP with one engine. Connections are kept and do not hold the process up. */
export class Transport {
  readonly host: Host;
  readonly #agent: InstanceType<typeof Agent>;
  readonly #secure: (TlsMaterial & { readonly servername: string; readonly request: typeof httpRequest }) | undefined;

  /** `tls` counts for TCP hosts. */
  constructor(host: string, tls?: TlsMaterial) {
    this.host = parseHost(host, tls === undefined ? undefined : TLS_PORT);
    // Loaded when it is needed, as above.
    const https = tls === undefined || this.host.kind === 'unix' ? undefined : process.getBuiltinModule('node:https');
    // The certificate must be for the address asked for: node would take the Host header, which says `shiplog`. SNI has no addresses.
    const servername = this.host.kind === 'tcp' && isIP(this.host.address) === 0 ? this.host.address : '';
    this.#secure =
      https === undefined || tls === undefined ? undefined : { ...tls, servername, request: https.request as typeof httpRequest };
    this.#agent = https === undefined ? new Agent({ keepAlive: true }) : new https.Agent({ keepAlive: true });
  }

  /** Sends a call and answers with the response once its headers are there. Throws ApiError for a status from 400 on, UnreachableError. */
  async send(call: Call): Promise<IncomingMessage> {
    const request = this.#open(call, false);
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      request.on('response', resolve);
      // Stays for the request's whole life: an error after the answer shows on the response.
      request.on('error', (error) => reject(this.#explain(error)));
      this.#sendBody(request, call, reject);
    });
    return accepted(response);
  }

  /** Sends a call and reads its whole answer as JSON. */
  async json<T>(call: Call): Promise<T> {
    const text = await textOf(await this.send(call));
    return JSON.parse(text) as T;
  }

  /** Sends a call whose answer says nothing. Resolves with the status. */
  async done(call: Call): Promise<number> {
    const response = await this.send(call);
    await textOf(response);
    return response.statusCode ?? 0;
  }

  /** Sends a call and takes the connection over. Throws as {@link send}, and ApiError if the engine answers without switching. */
  async hijack(call: Call): Promise<Hijacked> {
    const request = this.#open(call, true);
    const answer = await new Promise<IncomingMessage | Hijacked>((resolve, reject) => {
      request.on('response', resolve);
      request.on('upgrade', (response, socket, head) => {
        if (head.length > 0) socket.unshift(head);
        resolve({ socket, multiplexed: response.headers['content-type'] === 'application/vnd.docker.multiplexed-stream' });
      });
      request.on('error', (error) => reject(this.#explain(error)));
      this.#sendBody(request, call, reject);
    });
    if ('socket' in answer && 'multiplexed' in answer) return answer;
    await textOf(await accepted(answer));
    throw new ApiError(answer.statusCode ?? 0, 'the engine answered without opening a stream');
  }

  /** Closes idle connections. */
  close(): void {
    this.#agent.destroy();
  }

  #open(call: Call, upgrade: boolean): ClientRequest {
    const headers: Record<string, string | number> = { Host: 'shiplog', 'User-Agent': 'shiplog-client/0.1.0' };
    // The class must not be called Connection: tsc 7.0.2 would then rename this key.
    if (upgrade) Object.assign(headers, { Connection: 'Upgrade', Upgrade: 'tcp' });
    if (call.json !== undefined) Object.assign(headers, { 'Content-Type': 'application/json' });
    if (call.body !== undefined) Object.assign(headers, { 'Content-Type': 'application/x-tar' });
    const { request = httpRequest, ...tls } = this.#secure ?? {};
    return request({
      ...tls,
      ...(this.host.kind === 'unix' ? { socketPath: this.host.path } : { host: this.host.address, port: this.host.port }),
      method: call.method,
      path: call.path + queryText(call.query),
      headers,
      agent: upgrade ? false : this.#agent,
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    });
  }

  #sendBody(request: ClientRequest, call: Call, reject: (error: unknown) => void): void {
    if (call.body !== undefined) {
      // An answer may come before the body was read; then the request fails and the answer counts.
      pipeline(call.body, request).catch((error: NodeJS.ErrnoException) => {
        if (call.body?.errored === error) reject(error);
      });
      return;
    }
    request.end(call.json === undefined ? undefined : JSON.stringify(call.json));
  }

  #explain(error: NodeJS.ErrnoException): Error {
    return error.syscall === 'connect' || error.code === 'ENOTFOUND' ? new UnreachableError(this.host.text, error) : error;
  }
}

/** The whole body as text. */
export async function textOf(response: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of response.setEncoding('utf8')) text += String(chunk);
  return text;
}

async function accepted(response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status < 400) return response;
  throw ApiError.fromBody(status, await textOf(response));
}

function queryText(query: Query = {}): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    if (typeof value === 'boolean') parameters.append(name, value ? '1' : '0');
    else for (const one of Array.isArray(value) ? value : [value]) parameters.append(name, String(one));
  }
  const text = parameters.toString();
  return text === '' ? '' : `?${text}`;
}
