import { randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { exchange } from './exchange.ts';
import { codeOfResponse, type Query, RCODE, type Transport, withId } from './message.ts';

/** As many as resolv.conf(5) takes. */
const MOST_SERVERS = 3;
const NEXT: readonly number[] = [RCODE.serverFailure, RCODE.refused];

export interface ForwarderOptions {
  /** 53 if absent. */
  readonly port?: number;
  /** Milliseconds for one server; 4,000 if absent. */
  readonly patience?: number;
}

/** Asks other name servers, from the host's network namespace. */
export class Forwarder {
  readonly #port: number;
  readonly #patience: number;

  constructor({ port = 53, patience = 4000 }: ForwarderOptions = {}) {
    this.#port = port;
    this.#patience = patience;
  }

  /**
   * The answer of the first server that knows one, in the order of `servers`, with the query's id; undefined when none does. One that fails, refuses or
   * says nothing in time is followed by the next; that there is no such name is an answer. Bytes go on as they are.
   */
  async ask(query: Query, servers: readonly string[], transport: Transport, signal: AbortSignal): Promise<Uint8Array | undefined> {
    for (const address of servers.filter((server) => isIP(server) !== 0).slice(0, MOST_SERVERS)) {
      if (signal.aborted) return undefined;
      const response = await this.#askOne(query, address, transport, signal);
      if (response !== undefined) return withId(response, query.id);
    }
    return undefined;
  }

  async #askOne(query: Query, address: string, transport: Transport, signal: AbortSignal): Promise<Uint8Array | undefined> {
    const id = randomInt(0x10000);
    const limit = new AbortController();
    const giveUp = (): void => limit.abort();
    const timer = setTimeout(giveUp, this.#patience).unref();
    signal.addEventListener('abort', giveUp);
    try {
      const response = await exchange[transport]({
        address,
        port: this.#port,
        message: withId(query.message, id),
        answers: (candidate) => codeOfResponse(candidate, query, id) !== undefined,
        signal: limit.signal,
      });
      if (response === undefined) return undefined;
      const code = codeOfResponse(response, query, id);
      return code === undefined || NEXT.includes(code) ? undefined : response;
    } catch {
      // Silent, unreachable, or not a name server: the next one may be better.
      return undefined;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }
}
