import { ApiError } from './api-error.ts';
import type { Call, Hijacked, Transport } from './transport.ts';

/** Newest version of Docker's API that this client speaks. */
export const API_MAX = '1.51';

/** Oldest version it accepts. */
export const API_MIN = '1.41';

/** What a ping tells. */
export interface Ping {
  /** Version of Docker's API that both sides speak. */
  readonly apiVersion: string;
  /** The newest the engine speaks; undefined if it does not say. */
  readonly engineApiVersion: string | undefined;
  readonly osType: string | undefined;
}

/** Calls of Docker's API, in the version that both sides speak. It is agreed on the first call. Errors are those of Transport. */
export class VersionedTransport {
  readonly #transport: Transport;
  #agreed: Promise<Ping> | undefined;

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** Agrees on a version, once. Throws ApiError when the engine is too old. */
  ping(): Promise<Ping> {
    this.#agreed ??= this.#negotiate();
    return this.#agreed;
  }

  async #negotiate(): Promise<Ping> {
    const response = await this.#transport.send({ method: 'HEAD', path: '/_ping' });
    response.resume();
    const theirs = single(response.headers['api-version']);
    if (theirs !== undefined && compareVersions(theirs, API_MIN) < 0) {
      throw new ApiError(400, `the engine speaks Docker API ${theirs} at most; this client needs ${API_MIN} or newer`);
    }
    return {
      apiVersion: theirs !== undefined && compareVersions(theirs, API_MAX) < 0 ? theirs : API_MAX,
      engineApiVersion: theirs,
      osType: single(response.headers['ostype']),
    };
  }

  async #call(method: Call['method'], path: string, rest: Partial<Call>): Promise<Call> {
    return { ...rest, method, path: `/v${(await this.ping()).apiVersion}${path}` };
  }

  async send(method: Call['method'], path: string, rest: Partial<Call> = {}): ReturnType<Transport['send']> {
    return this.#transport.send(await this.#call(method, path, rest));
  }

  async json<T>(method: Call['method'], path: string, rest: Partial<Call> = {}): Promise<T> {
    return this.#transport.json<T>(await this.#call(method, path, rest));
  }

  async done(method: Call['method'], path: string, rest: Partial<Call> = {}): Promise<number> {
    return this.#transport.done(await this.#call(method, path, rest));
  }

  async hijack(path: string, rest: Partial<Call>): Promise<Hijacked> {
    return this.#transport.hijack(await this.#call('POST', path, rest));
  }
}

/** Negative when `a` is older. */
export function compareVersions(a: string, b: string): number {
  const [majorA = 0, minorA = 0] = a.split('.').map(Number);
  const [majorB = 0, minorB = 0] = b.split('.').map(Number);
  return majorA - majorB || minorA - minorB;
}

function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}
