/** How much the newest measurement counts beside all before: an odd one is forgotten after some thirty writes. */
const WEIGHT = 1 / 32;
/** Fewer items than this are no crowd: they share each write whole, and nothing is learned from them. */
const CROWD = 128;

/**
 * Tells what is faster for a crowd each of whom comes again when acknowledged: that all of it shares each write, or that one half's work overlaps
 * the other half's write. Halves pay while the crowd's work takes longer than a write: then the disk is not what one waits for. Where a write takes
 * longer, halves only make more of them.
 *
 * Work is processor time. On a busy machine writes take longer, as everything does, but the work stays the same: halves that must wait
 * for a processor overlap nothing. It is taken from one write's end to the next, for the kernel tells it in steps as large as a tick
 * (getrusage(2)): what a short turn seems to take is chance, what many take is not.
 */
export class Pace {
  readonly #now: () => number;
  readonly #worked: () => number;
  #began = 0;
  /** What this thread had worked when the last write of a crowd ended; undefined if it was none. */
  #workedThen: number | undefined;
  /** Milliseconds of a write; 0: nothing is known. */
  #write = 0;
  /** Milliseconds of work, and the items that brought it, over the last writes. */
  #work = 0;
  #items = 0;
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
    if (acknowledged + waiting < CROWD) {
      this.#overlap = false;
      this.#workedThen = undefined;
      return;
    }
    const took = this.#now() - this.#began;
    this.#write = this.#write === 0 ? took : faded(this.#write) + took * WEIGHT;
    const worked = this.#worked();
    if (this.#workedThen !== undefined) {
      this.#work = faded(this.#work) + worked - this.#workedThen;
      this.#items = faded(this.#items) + acknowledged;
    }
    this.#workedThen = worked;
    this.#overlap = this.#items === 0 || (this.#work / this.#items) * (acknowledged + waiting) >= this.#write;
  }
}

function processorTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

function faded(before: number): number {
  return before * (1 - WEIGHT);
}
