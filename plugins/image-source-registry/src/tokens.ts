import { createHash } from 'node:crypto';
import { type RegistryAuth, ShiplogError } from '@shiplog/contracts';
import { type JsonFields, jsonDocument } from '@shiplog/oci';
import type { Challenge } from './challenge.ts';
import { failureOf, isPassing, Passing, reasonOf, retryAfter } from './failures.ts';
import { type Hosts, isInsecure } from './hosts.ts';
import { type Call, type HttpClient, readBody } from './http-client.ts';

const TOKEN_LIMIT_BYTES = 256 * 1024;
const TOKEN_LIMIT = 256;
/** Seconds that a token lives which does not say (Docker's token specification). */
const LIFE_S = 60;
/** Seconds before its end at which it is not used any more. */
const MARGIN_S = 10;
const CLIENT = 'shiplog';

interface Token {
  readonly authorization: string;
  /** Milliseconds since the epoch. */
  readonly until: number;
}

/**
 * Authorization headers for registries (Docker's "Token Authentication Specification" and "OAuth2 Token Authentication"; RFC 6750; Basic of RFC 7617).
 * Tokens are kept in memory until they end, each for those credentials alone that it was got with.
 */
export class Tokens {
  readonly #client: HttpClient;
  readonly #hosts: Hosts;
  readonly #kept = new Map<string, Token>();

  constructor(client: HttpClient, hosts: Hosts) {
    this.#client = client;
    this.#hosts = hosts;
  }

  /** What to try first: what worked for the same place, scope and credentials. */
  kept(place: string, scope: string, auth: RegistryAuth): string | undefined {
    if (auth.registryToken !== undefined) return `Bearer ${auth.registryToken}`;
    const token = this.#kept.get(keyOf(place, scope, auth));
    return token !== undefined && token.until > Date.now() ? token.authorization : undefined;
  }

  forget(place: string, scope: string, auth: RegistryAuth): void {
    this.#kept.delete(keyOf(place, scope, auth));
  }

  /**
   * The answer to a registry's challenges; undefined where there is none, since nobody said who asks. Throws REGISTRY_DENIED where the
   * credentials are refused, {@link Passing}.
   */
  async answer(
    place: string,
    scope: string,
    challenges: readonly Challenge[],
    auth: RegistryAuth,
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { username, password, registryToken } = auth;
    // It was shown already, and is not taken.
    if (registryToken !== undefined) return undefined;
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    const token =
      bearer !== undefined
        ? await this.#fetch(bearer, scope, auth, signal)
        : challenges.some(({ scheme }) => scheme === 'basic') && username !== undefined && password !== undefined
          ? { authorization: basic(username, password), until: Number.POSITIVE_INFINITY }
          : undefined;
    if (token === undefined) return undefined;
    if (this.#kept.size >= TOKEN_LIMIT) this.#kept.clear();
    this.#kept.set(keyOf(place, scope, auth), token);
    return token.authorization;
  }

  async #fetch({ parameters }: Challenge, scope: string, auth: RegistryAuth, signal: AbortSignal): Promise<Token> {
    const realm = this.#realm(parameters.get('realm') ?? '');
    const what = `token of ${realm.host}`;
    const response = await this.#client
      .send(this.#request(realm, parameters.get('service'), scope === '' ? (parameters.get('scope') ?? '') : scope, auth, signal))
      .catch((error: unknown) => {
        throw new Passing(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
      });
    const status = response.statusCode ?? 0;
    if (isPassing(status)) throw new Passing(`${what}: ${await reasonOf(response)}`, { afterMs: retryAfter(response, Date.now()) });
    if (status === 400 && auth.identityToken !== undefined)
      throw new ShiplogError('REGISTRY_DENIED', `${what}: access denied: ${await reasonOf(response)}`, { status });
    if (status !== 200) throw await failureOf(response, what);
    const body = await readBody(response, TOKEN_LIMIT_BYTES);
    const fields: JsonFields = body === undefined ? {} : jsonDocument(body, what, TOKEN_LIMIT_BYTES);
    const token = [fields['token'], fields['access_token']].find((text) => typeof text === 'string' && text !== '');
    // It becomes a header: a line break would end it.
    if (typeof token !== 'string' || !/^[\x21-\x7e]+$/.test(token))
      throw new ShiplogError('DRIVER_FAILED', `${what}: the answer has no token`);
    const life = typeof fields['expires_in'] === 'number' && fields['expires_in'] > 0 ? fields['expires_in'] : LIFE_S;
    return { authorization: `Bearer ${token}`, until: Date.now() + Math.max(0, life - MARGIN_S) * 1000 };
  }

  /** Whoever hands out tokens is told the password: over TLS alone, unless the operator says otherwise. */
  #realm(text: string): URL {
    const realm = URL.canParse(text) ? new URL(text) : undefined;
    if (realm?.protocol === 'https:' || (realm?.protocol === 'http:' && isInsecure(realm.host, this.#hosts))) {
      realm.username = '';
      realm.password = '';
      return realm;
    }
    throw new ShiplogError(
      'DRIVER_FAILED',
      `the registry sends clients to ${JSON.stringify(text.slice(0, 200))} for tokens, which is no https URL`,
    );
  }

  #request(realm: URL, service: string | undefined, scope: string, auth: RegistryAuth, signal: AbortSignal): Call {
    const url = new URL(realm);
    const { username, password, identityToken } = auth;
    if (identityToken !== undefined) {
      const form = new URLSearchParams({ grant_type: 'refresh_token', client_id: CLIENT, refresh_token: identityToken });
      if (service !== undefined) form.set('service', service);
      if (scope !== '') form.set('scope', scope);
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return { method: 'POST', url, headers, body: () => Buffer.from(form.toString()), signal };
    }
    if (service !== undefined) url.searchParams.set('service', service);
    // One parameter each here, and one with blanks above: the two specifications differ.
    for (const one of scope.split(' ')) if (one !== '') url.searchParams.append('scope', one);
    if (username === undefined || password === undefined) return { method: 'GET', url, headers: {}, signal };
    url.searchParams.set('account', username);
    return { method: 'GET', url, headers: { authorization: basic(username, password) }, signal };
  }
}

function basic(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function keyOf(place: string, scope: string, auth: RegistryAuth): string {
  return createHash('sha256')
    .update(JSON.stringify([place, scope, auth]))
    .digest('base64');
}
