/** First positions of all durable segments, ascending: finds the segment that holds a position. */
export class SegmentTable {
  readonly #firsts: number[] = [];

  add(first: number): void {
    this.#firsts.push(first);
  }

  /** First position of the segment that holds `seq`. Precondition: `seq` is durable. */
  holding(seq: number): number {
    return this.#firsts[this.#indexOf(seq)] ?? 0;
  }

  /** First position of the segment after the one that holds `seq`; undefined if that is the last. */
  after(seq: number): number | undefined {
    return this.#firsts[this.#indexOf(seq) + 1];
  }

  #indexOf(seq: number): number {
    let low = 0;
    let high = this.#firsts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.#firsts[middle] ?? 0) <= seq) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
