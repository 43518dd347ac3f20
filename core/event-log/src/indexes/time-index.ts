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
  #newest = 0;

  /** Takes in the next event's time, nanoseconds, decimal. */
  add(time: string): void {
    const nanos = Number(time);
    if (nanos > this.#newest) this.#newest = nanos;
    if (this.#count++ % BLOCK === 0) this.#latest.push(this.#newest);
    else this.#latest.set(this.#latest.length - 1, this.#newest);
  }

  /** The entries from that of position `from` on. */
  since(from: number): readonly number[] {
    return Array.from(this.#latest.values.subarray(Math.floor(from / BLOCK)));
  }

  /** Takes in `count` events from position `from` on, of which `entries` is what {@link since} answered. */
  load(from: number, count: number, entries: readonly number[]): void {
    const first = Math.floor(from / BLOCK);
    for (const [index, entry] of entries.entries()) {
      if (first + index < this.#latest.length) this.#latest.set(first + index, entry);
      else this.#latest.push(entry);
    }
    this.#newest = entries.at(-1) ?? this.#newest;
    this.#count = from + count;
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
