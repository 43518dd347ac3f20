/** How much the newest measurement counts beside all before: an odd one is forgotten after some ten writes. */
const WEIGHT = 1 / 8;

/**
 * Tells what is faster for a crowd each of whom comes again when acknowledged: that all of it shares each write, or that one half's work overlaps
 * the other half's write. Halves pay while the crowd's work takes longer than a write: then the disk is not what one waits for. Where a write takes
 * longer, halves only make more of them.
 *
 * Work is processor time. On a busy machine writes take longer, as everything does, but the work stays the same: halves that must wait
 * for a processor overlap nothing.
 */
export class Pace {
  readonly #now: () => number;
  readonly #worked: () => number;
  #began = 0;
  /** What this thread had worked when the last write ended. */
  #workedThen = 0;
  /** Items acknowledged whose turn is not over. */
  #acknowledged = 0;
  /** Milliseconds of a write, and of the work that each acknowledged item brings. Nothing is known at first. */
  #write = 0;
  #work = 0;
  #overlap = true;

  /** Both in milliseconds: a clock, and how long this thread had the processor. */
  constructor(now: () => number = () => performance.now(), worked: () => number = processorTime) {
    this.#now = now;
    this.#worked = worked;
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
    this.#write = smooth(this.#write, this.#now() - this.#began);
    this.#workedThen = this.#worked();
    this.#acknowledged = acknowledged;
    this.#overlap = this.#work === 0 || this.#work * (acknowledged + waiting) >= this.#write;
  }

  /** Those who were acknowledged have had their turn. */
  turned(): void {
    if (this.#acknowledged === 0) return;
    this.#work = smooth(this.#work, (this.#worked() - this.#workedThen) / this.#acknowledged);
    this.#acknowledged = 0;
  }
}

function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function smooth(before: number, next: number): number {
  return before === 0 ? next : before + (next - before) * WEIGHT;
}
