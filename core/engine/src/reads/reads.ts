import {
  type Caller,
  type ContentRead,
  type ContentVerb,
  type LogRead,
  type NewEvent,
  type ReadLevel,
  type ReadRecord,
  type ReadVerb,
  type StreamName,
  ShiplogError,
} from '@shiplog/contracts';
import type { EngineCore } from '../core.ts';
import type { SecretRules } from '../secrets/rules.ts';
import { scrubbed } from '../secrets/scrub.ts';
import { redact } from '../secrets/redact.ts';
import { mapStrings } from '../secrets/secrets.ts';

/** Who reads what is recorded of which route, `METHOD TEMPLATE`; the first row that fits counts. A `*` at the end fits every ending. */
type Levels = readonly (readonly [route: string, level: ReadLevel])[];

const DEFAULT_LEVELS: Levels = [
  ['GET /shiplog/v1/info', 'none'],
  ['GET /shiplog/v1/*', 'metadata'],
  ['GET /shiplog/tlog/*', 'metadata'],
  ['GET /events', 'metadata'],
  ['*', 'none'],
];

/** Filters whose values name a person: the log has their names alone. */
const PERSONAL_FILTERS: ReadonlySet<string> = new Set(['uid', 'user', 'subject']);

const NOT_RECORDED: ReadRecord = { end: async () => undefined };

/** Records who read the log: reading an audit trail is an act that auditors ask for. */
export class Reads {
  /** The operator's. */
  readonly #levels: Levels;

  constructor(private readonly core: EngineCore) {
    this.#levels = Object.entries(core.parts.readLevels ?? {});
  }

  /** See Engine.recordRead. */
  async record(read: LogRead, caller: Caller): Promise<ReadRecord> {
    if (this.#level(caller, read.past === true) === 'none') return NOT_RECORDED;
    const { core } = this;
    const append = await this.#appender(caller);
    const { filters = {}, past: _, ...range } = read;
    await append([{ stream: 'engine', type: 'log.read', kind: 'meta', data: { ...range, filters: cleared(filters, core.secrets.rules) } }]);
    if (!read.follow) return NOT_RECORDED;
    return {
      async end(last) {
        try {
          await append([{ stream: 'engine', type: 'log.read.ended', kind: 'meta', data: { last } }]);
        } catch (error) {
          // Followers end when the engine stops, and then there is nowhere to say so.
          if (!(error instanceof ShiplogError && error.code === 'LOG_CLOSED')) throw error;
        }
      },
    };
  }

  /**
   * Records who takes which content out, durably and all in one append; not where the operator wants no record of the route. `lazy`: with the next write of
   * somebody else, or a moment later.
   */
  async recordContent(reads: readonly ContentRead[], caller: Caller, { lazy = false } = {}): Promise<void> {
    if (reads.length === 0 || this.#level(caller, true) === 'none') return;
    const append = await this.#appender(caller);
    const clean = (text: string): string => redact(text, this.core.secrets.rules);
    await append(
      reads.map(({ stream, error, ...data }): NewEvent => ({
        stream,
        type: 'content.read',
        kind: 'meta',
        data: mapStrings(data, clean),
        ...(error === undefined ? {} : { result: { status: error.code === 'CANCELED' ? 'canceled' : 'failed', ms: 0, error } }),
      })),
      lazy,
    );
  }

  /** Records that somebody who was attached left; not where the operator wants no record of the route. */
  async recordDetached(stream: StreamName, exec: string | undefined, caller: Caller): Promise<void> {
    if (this.#level(caller, true) === 'none') return;
    const append = await this.#appender(caller);
    await append([{ stream, type: 'content.detached', kind: 'meta', data: exec === undefined ? {} : { exec } }]);
  }

  /**
   * Records that a read, or a request that nothing serves, was refused; a refused read not where the operator wants no record of the route.
   * Answers the error without the secrets that rules find in it.
   */
  async refuse(verb: ReadVerb | undefined, error: unknown, caller: Caller): Promise<ShiplogError> {
    const refusal = scrubbed(ShiplogError.wrap(error, 'REQUEST_INVALID'), [], this.core.secrets.rules);
    if (verb !== undefined && this.#level(caller, true) === 'none') return refusal;
    const append = await this.#appender(caller);
    const result = { status: refusal.code === 'CANCELED' ? 'canceled' : 'refused', ms: 0, error: refusal.toRecord() } as const;
    await append([{ stream: 'engine', type: 'request.refused', kind: 'meta', data: verb === undefined ? {} : { verb }, result }]);
    return refusal;
  }

  /** Gets content ready to be taken out: where that fails, it is recorded that it was refused. */
  async prepare<T>(verb: ContentVerb, caller: Caller, ready: () => Promise<T>): Promise<T> {
    try {
      return await ready();
    } catch (error) {
      throw await this.refuse(verb, error, caller);
    }
  }

  /** Appends events of one read. */
  async #appender(asking: Caller): Promise<(events: readonly NewEvent[], lazy?: boolean) => Promise<void>> {
    const { core } = this;
    const caller = await core.readyKeyless(asking);
    const op = core.parts.identities.op();
    return (events, lazy = false) => core.ledger.append({ stamp: core.stamp(caller, op), events, ...(lazy && { lazy }) }).durable;
  }

  /** `always`: recorded unless the operator says otherwise, whatever the route. */
  #level({ req }: Caller, always: boolean): ReadLevel {
    const route = `${req?.method} ${req?.route}`;
    const of = (levels: Levels): ReadLevel | undefined => levels.find(([pattern]) => fits(pattern, route))?.[1];
    return of(this.#levels) ?? (always ? 'metadata' : of(DEFAULT_LEVELS)) ?? 'none';
  }
}

function fits(pattern: string, route: string): boolean {
  return pattern.endsWith('*') ? route.startsWith(pattern.slice(0, -1)) : route === pattern;
}

/** Filters that were given. */
function cleared(filters: NonNullable<LogRead['filters']>, rules: SecretRules): { readonly [name: string]: readonly string[] } {
  return Object.fromEntries(
    Object.entries(filters)
      .filter(([, values]) => values.length > 0)
      .map(([name, values]) => [name, PERSONAL_FILTERS.has(name) ? [] : values.map((value) => redact(value, rules))]),
  );
}
