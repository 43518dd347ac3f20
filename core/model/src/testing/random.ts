/** Numbers that look random and are the same for the same seed (xorshift32; G. Marsaglia, "Xorshift RNGs", 2003). */
export class Random {
  #state: number;

  /** `seed`: any integer but 0. */
  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** From 0 up to, and not including, `below`. */
  integer(below: number): number {
    return this.#next() % below;
  }

  /** Whether something that happens `share` of the time (0 to 1) happens now. */
  chance(share: number): boolean {
    return this.#next() < share * 0x1_0000_0000;
  }

  /** One of several. Precondition: there is one. */
  of<T>(choices: readonly T[]): T {
    const choice = choices[this.integer(choices.length)];
    if (choice === undefined) throw new RangeError('nothing to choose from');
    return choice;
  }

  /** Hex digits; `digits` is a multiple of 8. */
  hex(digits: number): string {
    let text = '';
    while (text.length < digits) text += this.#next().toString(16).padStart(8, '0');
    return text;
  }

  #next(): number {
    let x = this.#state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.#state = x >>> 0;
    return this.#state;
  }
}
