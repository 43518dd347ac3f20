/** Questions of one container that are read in a second. */
export const MOST_A_SECOND = 2000;

/** Lets something happen so often a second, and as often at once when it has not happened for a while (a token bucket). */
export class Allowance {
  readonly #rate: number;
  readonly #now: () => number;
  #left: number;
  #then: number;

  /** `now` in milliseconds. */
  constructor(rate: number, now: () => number = () => performance.now()) {
    this.#rate = rate;
    this.#now = now;
    this.#left = rate;
    this.#then = now();
  }

  /** Takes one, and answers the milliseconds until it may be used. */
  take(): number {
    const now = this.#now();
    this.#left = Math.min(this.#rate, this.#left + ((now - this.#then) * this.#rate) / 1000) - 1;
    this.#then = now;
    return Math.max(0, (-this.#left * 1000) / this.#rate);
  }
}
