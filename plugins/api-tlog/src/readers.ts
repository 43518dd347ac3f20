import type { Duplex } from 'node:stream';
import type { Caller, Engine, ShiplogError } from '@shiplog/contracts';
import type { Logger } from '@shiplog/driver-kit';

interface Reader {
  readonly recorded: Promise<void>;
  /** The highest position read so far. */
  last: number;
}

/**
 * Records who reads events: once for each connection, when it reads the first, and how far it came when it ends. A mirror asks for
 * thousands of bundles, and an event for each would be one more to mirror.
 */
export class Readers {
  readonly #engine: Pick<Engine, 'recordRead' | 'refuse'>;
  readonly #logger: Logger;
  readonly #readers = new WeakMap<Duplex, Reader>();
  readonly #refused = new WeakSet<Duplex>();

  constructor(engine: Pick<Engine, 'recordRead' | 'refuse'>, logger: Logger) {
    this.#engine = engine;
    this.#logger = logger;
  }

  /** Resolves when it is recorded that the connection reads the log. To be awaited before the events are sent. */
  async read(connection: Duplex, from: number, to: number, caller: Caller): Promise<void> {
    const reader = this.#readers.get(connection) ?? this.#begin(connection, from, caller);
    await reader.recorded;
    reader.last = Math.max(reader.last, to);
  }

  /** Records that a read was refused: once for each connection, as who follows a log asks again and again. Answers the error to be told. */
  async refused(connection: Duplex, error: ShiplogError, caller: Caller): Promise<ShiplogError> {
    if (this.#refused.has(connection)) return error;
    this.#refused.add(connection);
    return this.#engine.refuse('log.read', error, caller);
  }

  /** Records that something was asked for that would change the log, and is not served. */
  notServed(error: ShiplogError, caller: Caller): Promise<ShiplogError> {
    return this.#engine.refuse(undefined, error, caller);
  }

  #begin(connection: Duplex, from: number, caller: Caller): Reader {
    const record = this.#engine.recordRead({ from, follow: true }, caller);
    const reader: Reader = { recorded: record.then(() => undefined), last: -1 };
    this.#readers.set(connection, reader);
    connection.once('close', () => {
      record
        .then(({ end }) => end(reader.last))
        .catch((error: unknown) => this.#logger.warn('the end of a read of the log is not recorded', { reason: String(error) }));
    });
    return reader;
  }
}
