import { GrowingArray } from './growing-array.ts';

/** First positions of all durable segments, ascending, four bytes each: finds the segment that holds a position. */
export class SegmentTable {
  readonly firsts = new GrowingArray(Uint32Array);

  add(first: number): void {
    this.firsts.push(first);
  }

  /** First position of the segment that holds `seq`. Precondition: `seq` is durable. */
  holding(seq: number): number {
    return this.firsts.length === 0 ? 0 : this.firsts.at(this.#indexOf(seq));
  }

  /** First position of the segment after the one that holds `seq`; undefined if that is the last. */
  after(seq: number): number | undefined {
    const index = this.#indexOf(seq) + 1;
    return index < this.firsts.length ? this.firsts.at(index) : undefined;
  }

  #indexOf(seq: number): number {
    let low = 0;
    let high = this.firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if (this.firsts.at(middle) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
