/** Tells those who listen, each of them all that is told while it does, in order. */
export class Announcer<T> {
  readonly #followers = new Set<(value: T) => void>();

  /** Whether somebody listens. */
  get isHeard(): boolean {
    return this.#followers.size > 0;
  }

  tell(value: T): void {
    for (const tell of this.#followers) tell(value);
  }

  /** Until `signal` aborts. `begin` is called once this one listens, with what tells this one alone. */
  async *follow(signal: AbortSignal, begin: (tell: (value: T) => void) => void | Promise<void> = () => undefined): AsyncGenerator<T> {
    const queue: T[] = [];
    let wake: () => void = () => undefined;
    const take = (value: T): void => {
      queue.push(value);
      wake();
    };
    const stop = (): void => wake();
    signal.addEventListener('abort', stop);
    this.#followers.add(take);
    try {
      await begin(take);
      while (!signal.aborted) {
        const [value] = queue;
        if (value !== undefined) {
          queue.shift();
          yield value;
        } else {
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      }
    } finally {
      this.#followers.delete(take);
      signal.removeEventListener('abort', stop);
    }
  }
}
