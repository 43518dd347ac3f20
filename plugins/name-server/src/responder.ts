import type { NameSource } from '@shiplog/contracts';
import type { Forwarder } from './forwarder.ts';
import { localAnswers } from './local-answers.ts';
import { encodeReply, parseQuery, type Query, RCODE, type Reply, type Transport } from './message.ts';

/** A container that asks for more at once than this is told so. */
export const MOST_FORWARDED = 128;

/** Answers the questions of one container. */
export class Responder {
  readonly #source: NameSource;
  readonly #forwarder: Forwarder;
  readonly #signal: AbortSignal;
  #forwarded = 0;

  /** Questions under way are given up at `signal`. */
  constructor(source: NameSource, forwarder: Forwarder, signal: AbortSignal) {
    this.#source = source;
    this.#forwarder = forwarder;
    this.#signal = signal;
  }

  /** The bytes to answer `message` with; undefined for what is no question. Never throws. */
  async respond(message: Uint8Array, transport: Transport): Promise<Uint8Array | undefined> {
    const query = parseQuery(message);
    if (query === undefined) return undefined;
    try {
      const answer = await this.#answer(query, transport);
      return answer instanceof Uint8Array ? answer : encodeReply(query, answer, transport);
    } catch {
      // The source cannot tell now.
      return encodeReply(query, { code: RCODE.serverFailure }, transport);
    }
  }

  async #answer(query: Query, transport: Transport): Promise<Uint8Array | Reply> {
    if (query.refusal !== undefined) return { code: query.refusal };
    const answers = localAnswers(query, this.#source, Math.random);
    if (answers !== undefined) return { code: RCODE.noError, answers };
    if (this.#forwarded >= MOST_FORWARDED) return { code: RCODE.serverFailure };
    this.#forwarded++;
    try {
      const servers = await this.#source.upstream();
      if (servers.length === 0) return { code: RCODE.refused, recursionAvailable: false };
      return (await this.#forwarder.ask(query, servers, transport, this.#signal)) ?? { code: RCODE.serverFailure };
    } finally {
      this.#forwarded--;
    }
  }
}
