import type { DriverFamilies, DriverKind } from '@shiplog/contracts';
import type { ScopedDriver } from '@shiplog/driver-kit';

/** A driver that is there, and the calls under way in it. */
class Seat {
  #calls = 0;
  #idle: (() => void) | undefined;

  constructor(readonly scoped: ScopedDriver<DriverKind>) {}

  call(method: string, args: readonly unknown[]): unknown {
    const { driver } = this.scoped;
    const found: unknown = driver[method as keyof typeof driver];
    if (typeof found !== 'function') throw new TypeError(`the driver has no method ${method}`);
    const result: unknown = found.apply(driver, args);
    if (result instanceof Promise) {
      this.#calls += 1;
      const ended = (): void => {
        this.#calls -= 1;
        if (this.#calls === 0) this.#idle?.();
      };
      result.then(ended, ended);
    }
    return result;
  }

  /** Ends the driver once its calls have ended, or `ms` have passed. */
  async vacate(ms: number): Promise<void> {
    if (this.#calls > 0)
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
        setTimeout(resolve, ms).unref();
      });
    await this.scoped.dispose();
  }
}

/** Milliseconds that calls under way in a driver that is replaced are waited for. */
const DRAIN_MS = 60_000;

/**
 * A driver's place. {@link LiveDriver.facade} stays the same for ever; who sits there may change while it is used: the next call
 * goes to the new one, calls under way end where they began.
 */
export class LiveDriver {
  readonly #open: () => Promise<ScopedDriver<DriverKind>>;
  readonly #openNow: (() => ScopedDriver<DriverKind>) | undefined;
  #seat: Seat | undefined;
  #opening: Promise<Seat> | undefined;
  readonly facade: DriverFamilies[DriverKind];

  /** `open` makes the driver for the first call; `openNow` does so without waiting, where the code is there already. */
  constructor(open: () => Promise<ScopedDriver<DriverKind>>, openNow?: () => ScopedDriver<DriverKind>) {
    this.#open = open;
    this.#openNow = openNow;
    // Families have methods alone; lazily loaded ones, methods that answer promises or streams.
    this.facade = new Proxy({} as DriverFamilies[DriverKind], {
      get: (_, property) =>
        typeof property === 'symbol' || property === 'then' ? undefined : (...args: unknown[]): unknown => this.#call(property, args),
    });
  }

  get isOpen(): boolean {
    return this.#seat !== undefined;
  }

  /** Makes the driver, if that has not been done. */
  async open(): Promise<void> {
    await this.#taken();
  }

  /** Puts another driver here. Resolves when the former one has ended. */
  async replace(next: ScopedDriver<DriverKind>): Promise<void> {
    const former = this.#seat;
    this.#seat = new Seat(next);
    this.#opening = undefined;
    await former?.vacate(DRAIN_MS);
  }

  /** Ends the driver. The next call would make it anew. */
  async close(): Promise<void> {
    const former = this.#seat ?? (await this.#opening?.catch(() => undefined));
    this.#seat = undefined;
    this.#opening = undefined;
    await former?.vacate(DRAIN_MS);
  }

  #call(method: string, args: readonly unknown[]): unknown {
    if (this.#seat === undefined && this.#openNow !== undefined) this.#seat = new Seat(this.#openNow());
    if (this.#seat !== undefined) return this.#seat.call(method, args);
    const answer = this.#taken().then((seat) => seat.call(method, args));
    // Which of the two it will be, nobody knows before it is loaded.
    return Object.assign(answer, {
      async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
        yield* (await answer) as AsyncIterable<unknown>;
      },
    });
  }

  async #taken(): Promise<Seat> {
    if (this.#seat !== undefined) return this.#seat;
    this.#opening ??= this.#open().then((scoped) => new Seat(scoped));
    const opening = this.#opening;
    try {
      const seat = await opening;
      if (this.#opening === opening) this.#seat = seat;
      return this.#seat ?? seat;
    } catch (error) {
      // The next call tries again.
      if (this.#opening === opening) this.#opening = undefined;
      throw error;
    }
  }
}
