/**
 * Starts work without waiting for it, at most `size` pieces at a time.
 *
 * The first failure is kept: every later `start`, and `drain`, throws it. Always `settle` before leaving, so that nothing
 * runs on behind the caller's back.
 */
export class WorkPool {
  readonly #size: number;
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  constructor(size: number) {
    this.#size = size;
  }

  /** Resolves when the piece has begun; the answered promise (which never rejects) when it has ended. */
  async start(work: () => Promise<void>): Promise<{ readonly ended: Promise<void> }> {
    while (this.#running.size >= this.#size) await Promise.race(this.#running);
    this.#check();
    const ended: Promise<void> = this.#guard(work).finally(() => this.#running.delete(ended));
    this.#running.add(ended);
    return { ended };
  }

  /** Waits until everything has ended, and throws the first failure. */
  async drain(): Promise<void> {
    await this.settle();
    this.#check();
  }

  /** Waits until everything has ended, failed or not. */
  async settle(): Promise<void> {
    await Promise.all(this.#running);
  }

  async #guard(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#failure ??= { error };
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
