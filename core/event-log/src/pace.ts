/** How much the newest measurement counts beside all before: an odd one is forgotten after some ten writes. */
const WEIGHT = 1 / 8;

/**
 * Tells what is faster for a crowd each of whom comes again when acknowledged: that all of it shares each write, or that one half's work overlaps
 * the other half's write. Halves pay while the crowd's work takes longer than a write: then the disk is not what one waits for. Where a write takes
 * longer, halves only make more of them. Waiting for the acknowledged never takes longer than a write does, for by then it is halves again.
 */
export class Pace {
  readonly #now: () => number;
  #began = 0;
  #ended = 0;
  /** Items acknowledged whose turn is not over. */
  #acknowledged = 0;
  /** Milliseconds of a write, and of the work that each acknowledged item brings. Nothing is known at first. */
  #write = 0;
  #work = 0;
  #overlap = true;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** Whether the next write should not wait for those whom the last one acknowledges. */
  get overlap(): boolean {
    return this.#overlap;
  }

  /** A write begins. */
  begins(): void {
    this.#began = this.#now();
  }

  /** It ended and acknowledges so many items; others wait already. */
  ended(acknowledged: number, waiting: number): void {
    this.#ended = this.#now();
    this.#acknowledged = acknowledged;
    this.#write = smooth(this.#write, this.#ended - this.#began);
    this.#overlap = this.#work === 0 || this.#work * (acknowledged + waiting) >= this.#write;
  }

  /** Those who were acknowledged have had their turn. */
  turned(): void {
    if (this.#acknowledged === 0) return;
    this.#work = smooth(this.#work, (this.#now() - this.#ended) / this.#acknowledged);
    this.#acknowledged = 0;
  }
}

function smooth(before: number, next: number): number {
  return before === 0 ? next : before + (next - before) * WEIGHT;
}
