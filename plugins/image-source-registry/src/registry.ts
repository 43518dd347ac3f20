import type { IncomingMessage } from 'node:http';
import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import { readChallenges } from './challenge.ts';
import { isPassing, Passing, reasonOf, retryAfter } from './failures.ts';
import { addressOf, type Hosts, isAsked, isInsecure } from './hosts.ts';
import { type Call, HttpClient } from './http-client.ts';
import { Tokens } from './tokens.ts';

/** Whom one speaks with, about what. */
export interface Place {
  /** As references have it: `docker.io`, `localhost:5000`. */
  readonly domain: string;
  /** What tokens are asked for (Docker's token scope); empty for none. */
  readonly scope: string;
  readonly auth: RegistryAuth;
}

/** A request to a registry: `target` is a path, or a URL that the registry gave. */
export interface Request extends Omit<Call, 'url' | 'headers'> {
  readonly target: string | URL;
  readonly headers?: Call['headers'];
}

const REDIRECT_LIMIT = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** Speaks with registries: finds out whether in plain HTTP, shows who asks, follows where it is sent. */
export class Registry {
  readonly #hosts: Hosts;
  readonly #client: HttpClient;
  readonly #tokens: Tokens;
  /** Insecure hosts that were found to speak one or the other. */
  readonly #protocols = new Map<string, 'http:' | 'https:'>();

  constructor(hosts: Hosts, silenceMs: number) {
    this.#hosts = hosts;
    this.#client = new HttpClient(hosts, silenceMs);
    this.#tokens = new Tokens(this.#client, hosts);
  }

  /** Has credentials tried anew. */
  forget({ domain, scope, auth }: Place): void {
    this.#tokens.forget(domain, scope, auth);
  }

  isAsked(domain: string): boolean {
    return isAsked(domain, this.#hosts);
  }

  /**
   * Sends a request, and sends it again with an answer to the registry's challenge if there is one. Resolves with the head of an answer that is neither
   * a redirect nor one that passes, whatever else it is. Throws {@link Passing}, REGISTRY_DENIED where a token is refused, DRIVER_FAILED.
   */
  async send(place: Place, request: Request): Promise<IncomingMessage> {
    const { scope, auth, domain } = place;
    const first = await this.#follow(place, request, this.#tokens.kept(domain, scope, auth));
    if (first.statusCode !== 401) return first;
    const challenges = readChallenges(first.headers['www-authenticate'] ?? '');
    const authorization = await this.#tokens.answer(domain, scope, challenges, auth, request.signal);
    if (authorization === undefined) return first;
    first.resume();
    return this.#follow(place, request, authorization);
  }

  async #follow({ domain }: Place, request: Request, authorization: string | undefined): Promise<IncomingMessage> {
    const { method, target, headers = {}, body, signal } = request;
    const base = await this.#base(addressOf(domain), signal);
    let url = this.#allowed(target, base);
    for (let hops = 0; ; hops += 1) {
      // Who stores blobs for a registry is not told who asks.
      const known = authorization !== undefined && url.origin === base.origin ? { authorization } : {};
      const call = {
        method,
        url,
        headers: { 'user-agent': 'shiplog', ...headers, ...known },
        signal,
        ...(body === undefined ? {} : { body }),
      };
      const response = await this.#sent(call);
      const status = response.statusCode ?? 0;
      // There is nothing to read, and the connection is free only after that.
      if (method === 'HEAD') response.resume();
      if (isPassing(status))
        throw new Passing(`${url.host} answered ${await reasonOf(response)}`, { afterMs: retryAfter(response, Date.now()) });
      const { location } = response.headers;
      if (!REDIRECTS.has(status) || location === undefined || (method !== 'GET' && method !== 'HEAD')) return response;
      response.resume();
      if (hops === REDIRECT_LIMIT) throw new ShiplogError('DRIVER_FAILED', `${base.host} redirects more than ${REDIRECT_LIMIT} times`);
      url = this.#allowed(location, url);
    }
  }

  /** Where a registry sends its clients: over TLS, or to hosts that may do without. */
  #allowed(target: string | URL, from: URL): URL {
    const next = URL.canParse(String(target), from.href) ? new URL(target, from) : undefined;
    if (next?.protocol === 'https:' || (next?.protocol === 'http:' && isInsecure(next.host, this.#hosts))) {
      next.username = '';
      next.password = '';
      return next;
    }
    throw new ShiplogError('DRIVER_FAILED', `${from.host} sends its clients to what is no https URL`);
  }

  async #sent(call: Call): Promise<IncomingMessage> {
    try {
      return await this.#client.send(call);
    } catch (error) {
      call.signal.throwIfAborted();
      if (error instanceof ShiplogError) throw error;
      this.#protocols.delete(call.url.host);
      throw new Passing(`${call.url.host} cannot be reached: ${messageOf(error)}`, { cause: error });
    }
  }

  /** TLS; for hosts that may do without, plain HTTP where there is no TLS. */
  async #base(host: string, signal: AbortSignal): Promise<URL> {
    const secure = new URL(`https://${host}/`);
    if (!isInsecure(host, this.#hosts) || (await this.#client.hasCertificates(secure.host))) return secure;
    const plain = new URL(`http://${host}/`);
    const known = this.#protocols.get(secure.host) ?? this.#protocols.get(plain.host);
    if (known !== undefined) return known === 'http:' ? plain : secure;
    let isSecure = true;
    try {
      (await this.#client.send({ method: 'GET', url: new URL('/v2/', secure), headers: {}, signal })).resume();
    } catch (error) {
      signal.throwIfAborted();
      // Who speaks plain HTTP says so, or hangs up.
      if ((error as NodeJS.ErrnoException).code === 'ETIMEDOUT')
        throw new Passing(`${host} cannot be reached: ${messageOf(error)}`, { cause: error });
      isSecure = false;
    }
    this.#protocols.set(isSecure ? secure.host : plain.host, isSecure ? 'https:' : 'http:');
    return isSecure ? secure : plain;
  }
}

/** Several addresses that could not be reached come as one error without words. */
function messageOf(error: unknown): string {
  if (error instanceof AggregateError) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
}
