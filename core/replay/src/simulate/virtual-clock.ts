import TinyQueue from 'tinyqueue';

/** Something that happens at a moment. */
interface Due {
  readonly at: number;
  readonly order: number;
  readonly run: () => void;
  /** Somebody waits for it: not a deadline, and not canceled. */
  awaited: boolean;
  canceled: boolean;
}

/**
 * Time that stands still while anything goes on, and then jumps to what happens next. Two runs of the same program happen in
 * the same order: by time, and at one time in the order in which they were asked for.
 *
 * It works for programs that wait for nothing but this clock: all else must be done within the microtasks of one turn.
 */
export class VirtualClock {
  #ms = 0;
  #orders = 0;
  #awaited = 0;
  readonly #queue = new TinyQueue<Due>([], (a, b) => a.at - b.at || a.order - b.order);
  readonly #now: bigint;
  readonly #mono: bigint;

  /** `now` and `mono` are what the clocks show at the beginning, nanoseconds, decimal. */
  constructor({ now, mono }: { readonly now: string; readonly mono: string }) {
    this.#now = BigInt(now);
    this.#mono = BigInt(mono);
  }

  now(): string {
    return (this.#now + this.#elapsed()).toString();
  }

  mono(): string {
    return (this.#mono + this.#elapsed()).toString();
  }

  #elapsed(): bigint {
    return BigInt(Math.round(this.#ms * 1000)) * 1000n;
  }

  /** Milliseconds since the beginning. */
  ms(): number {
    return this.#ms;
  }

  deadline(ms: number): AbortSignal {
    const controller = new AbortController();
    this.#push(ms, false, () => controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError')));
    return controller.signal;
  }

  after(ms: number, run: () => void): () => void {
    const due = this.#push(ms, true, run);
    return () => {
      if (due.awaited) this.#awaited -= 1;
      due.awaited = false;
      due.canceled = true;
    };
  }

  /** Resolves `ms` from now. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  #push(ms: number, awaited: boolean, run: () => void): Due {
    if (awaited) this.#awaited += 1;
    const due: Due = { at: this.#ms + Math.max(0, ms), order: (this.#orders += 1), run, awaited, canceled: false };
    this.#queue.push(due);
    return due;
  }

  /** Lets everything happen until `done`, or until nothing is left that somebody waits for. Says which. */
  async run(done: () => boolean): Promise<'done' | 'idle'> {
    for (;;) {
      await turn();
      if (done()) return 'done';
      const next = this.#next();
      if (next === undefined) return 'idle';
      this.#ms = next.at;
      next.run();
    }
  }

  #next(): Due | undefined {
    while (this.#awaited > 0) {
      const due = this.#queue.pop();
      if (due === undefined) return undefined;
      if (due.awaited) this.#awaited -= 1;
      due.awaited = false;
      if (!due.canceled) return due;
    }
    return undefined;
  }
}

/** The next turn of the event loop: all microtasks have been done by then. */
function turn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
