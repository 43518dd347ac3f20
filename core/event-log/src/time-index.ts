import { GrowingArray } from './growing-array.ts';

/** Events one entry stands for. */
const BLOCK = 256;

/**
 * The latest wall time up to the end of each block of events: eight bytes a block. A double holds nanoseconds to within some
 * hundred, and rounding keeps order; so this finds the block, and the events in it have the last word.
 */
export class TimeIndex {
  readonly #latest = new GrowingArray(Float64Array);
  #count = 0;

  /** Takes in the next event's time, nanoseconds, decimal. */
  add(time: string): void {
    const nanos = Math.max(Number(time), this.#count === 0 ? 0 : this.#latest.at(this.#latest.length - 1));
    if (this.#count % BLOCK === 0) this.#latest.push(nanos);
    else this.#latest.values[this.#latest.length - 1] = nanos;
    this.#count++;
  }

  /** First position of the first block that may hold an event later than `time`; the number of events if there is none. */
  blockAfter(time: bigint): number {
    const nanos = Number(time);
    let low = 0;
    let high = this.#latest.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#latest.at(middle) >= nanos) high = middle;
      else low = middle + 1;
    }
    return Math.min(low * BLOCK, this.#count);
  }
}
