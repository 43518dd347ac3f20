import { ShiplogError } from '@shiplog/contracts';

/** Trees that are walked at a time: more would only wait for the same disk, and keep threads from others. */
const AT_ONCE = 2;

/** A measurement under way, with those who wait for it. */
interface Flight {
  readonly bytes: Promise<number>;
  readonly abort: AbortController;
  waiting: number;
}

/**
 * Measures trees, a few at a time. Who asks for one that is being measured, or is to be, gets what comes of that; it is given up when nobody
 * waits any more. Nothing is kept: the next question is a new measurement.
 */
export class Measurements {
  readonly #flights = new Map<string, Flight>();
  readonly #queue: (() => void)[] = [];
  #running = 0;

  /** What `measure` makes of the tree called `key`. Throws what that throws, or CANCELED when `signal` aborts. */
  async of(key: string, measure: (signal: AbortSignal) => Promise<number>, signal?: AbortSignal): Promise<number> {
    if (signal?.aborted === true) throw gone();
    const flight = this.#flights.get(key) ?? this.#begin(key, measure);
    flight.waiting += 1;
    const left = Promise.withResolvers<never>();
    const leave = (): void => left.reject(gone());
    signal?.addEventListener('abort', leave, { once: true });
    try {
      return await Promise.race([flight.bytes, left.promise]);
    } finally {
      signal?.removeEventListener('abort', leave);
      flight.waiting -= 1;
      if (flight.waiting === 0) {
        // Whoever comes now measures anew.
        if (this.#flights.get(key) === flight) this.#flights.delete(key);
        flight.abort.abort(gone());
      }
    }
  }

  #begin(key: string, measure: (signal: AbortSignal) => Promise<number>): Flight {
    const abort = new AbortController();
    const bytes = this.#inTurn(() => {
      abort.signal.throwIfAborted();
      return measure(abort.signal);
    });
    const flight: Flight = { bytes, abort, waiting: 0 };
    this.#flights.set(key, flight);
    // Who waits hears of a failure by itself.
    bytes.catch(() => undefined);
    return flight;
  }

  async #inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= AT_ONCE) await new Promise<void>((resolve) => this.#queue.push(resolve));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#queue.shift();
      // The place is handed on: nobody may come in between.
      if (next === undefined) this.#running -= 1;
      else next();
    }
  }
}

function gone(): ShiplogError {
  return new ShiplogError('CANCELED', 'measuring was canceled: nobody waits for it any more');
}
