import { Agent as HttpAgent, type IncomingMessage, request as httpRequest } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { Certificates, type HostCertificates } from './certificates.ts';
import { type Hosts, isInsecure } from './hosts.ts';

/** A request. A body is made anew for each attempt. */
export interface Call {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  readonly url: URL;
  readonly headers: { readonly [name: string]: string };
  readonly body?: () => AsyncIterable<Uint8Array> | Uint8Array;
  readonly signal: AbortSignal;
}

/** Milliseconds without a byte, either way, while a registry puts away what was sent to it. */
const PUTTING_MS = 300_000;
const SOCKETS_PER_HOST = 8;

/**
 * One HTTP/1.1 exchange at a time over connections that are kept. Node's own modules and not `fetch`: bodies must come as they were sent, since they are
 * hashed, and a certificate is not checked for some hosts and is for others.
 */
export class HttpClient {
  readonly #hosts: Hosts;
  readonly #silenceMs: number;
  readonly #plain = new HttpAgent({ keepAlive: true, maxSockets: SOCKETS_PER_HOST });
  readonly #tls = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_PER_HOST });
  readonly #unchecked = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_PER_HOST, rejectUnauthorized: false });
  readonly #certificates: Certificates;
  /** Of hosts that have certificates of their own. */
  readonly #own = new Map<HostCertificates, HttpsAgent>();

  /** `silenceMs`: how long an answer may keep one waiting for a byte. */
  constructor(hosts: Hosts, silenceMs: number) {
    this.#silenceMs = silenceMs;
    this.#hosts = hosts;
    this.#certificates = new Certificates(hosts.certs);
  }

  /** Whether a host's certificate is checked, and with what, was laid down: then it speaks TLS. */
  async hasCertificates(host: string): Promise<boolean> {
    return (await this.#certificates.of(host)) !== undefined;
  }

  /** Resolves when the head of the answer is there, whatever its status. Who gets it reads its body, or destroys it. */
  async send({ method, url, headers, body, signal }: Call): Promise<IncomingMessage> {
    signal.throwIfAborted();
    const isPlain = url.protocol === 'http:';
    const agent = isPlain ? this.#plain : await this.#secureAgent(url.host);
    signal.throwIfAborted();
    const timeout = method === 'PUT' ? PUTTING_MS : this.#silenceMs;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const request = (isPlain ? httpRequest : httpsRequest)(url, { method, headers, agent, signal, timeout });
    request.on('timeout', () => request.destroy(Object.assign(new Error(`no answer in ${timeout / 1000} s`), { code: 'ETIMEDOUT' })));
    request.on('response', resolve).on('error', reject);
    const content = body?.();
    if (content === undefined || content instanceof Uint8Array) request.end(content);
    else void write(content, request).catch((error: unknown) => request.destroy(error instanceof Error ? error : new Error(String(error))));
    const response = await promise;
    // What comes after the head fails where it is read.
    response.on('error', () => undefined);
    return response;
  }

  /** Certificates that were laid down for a host count, also where it may do without. */
  async #secureAgent(host: string): Promise<HttpsAgent> {
    const own = await this.#certificates.of(host);
    if (own === undefined) return isInsecure(host, this.#hosts) ? this.#unchecked : this.#tls;
    let agent = this.#own.get(own);
    if (agent === undefined) {
      const { ca, cert, key } = own;
      agent = new HttpsAgent({ keepAlive: true, maxSockets: SOCKETS_PER_HOST, ca: [...ca], cert: [...cert], key: [...key] });
      this.#own.set(own, agent);
    }
    return agent;
  }
}

/** Sends a body at the pace at which it is taken. An early answer ends it. */
async function write(content: AsyncIterable<Uint8Array>, request: ReturnType<typeof httpRequest>): Promise<void> {
  for await (const chunk of content) {
    if (request.destroyed) return;
    if (!request.write(chunk)) await drained(request);
  }
  request.end();
}

function drained(request: ReturnType<typeof httpRequest>): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off('drain', done).off('close', done);
      resolve();
    };
    request.once('drain', done).once('close', done);
  });
}

/** Reads a body of at most `limit` bytes; undefined for a longer one. */
export async function readBody(response: IncomingMessage, limit: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > limit) {
      response.destroy();
      return undefined;
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
