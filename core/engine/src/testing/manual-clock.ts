import type { Clock } from '../ports.ts';

interface Due {
  readonly at: number;
  readonly run: () => void;
}

/** A clock that shows what a test says. Deadlines of drivers are those of the world. */
export class ManualClock implements Clock {
  readonly #waiting = new Set<Due>();
  #ms = 0;
  #set = 0;

  /** `begin`: nanoseconds since the epoch at its beginning. */
  constructor(readonly begin: bigint) {}

  now(): string {
    return (this.begin + BigInt(Math.round(this.#ms + this.#set)) * 1_000_000n).toString();
  }

  mono(): string {
    return (BigInt(Math.round(this.#ms)) * 1_000_000n).toString();
  }

  ms(): number {
    return this.#ms;
  }

  deadline(ms: number): AbortSignal {
    return AbortSignal.timeout(ms);
  }

  after(ms: number, run: () => void): () => void {
    const due = { at: this.#ms + ms, run };
    this.#waiting.add(due);
    return () => void this.#waiting.delete(due);
  }

  /** How many wait for it. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Somebody sets the wall clock ahead. */
  set(ms: number): void {
    this.#set += ms;
  }

  /** So many milliseconds pass, at once; what was to happen meanwhile happens. */
  pass(ms: number): void {
    this.#ms += ms;
    for (const due of this.#waiting) {
      if (due.at > this.#ms || !this.#waiting.delete(due)) continue;
      due.run();
    }
  }
}
