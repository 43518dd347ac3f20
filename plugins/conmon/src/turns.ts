/** Lets what concerns one thing go one after the other, in the order asked; different things do not wait for each other. */
export class Turns {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs `work` when all asked before for `key` has ended, well or not. */
  take<R>(key: string, work: () => Promise<R>): Promise<R> {
    const before = this.#last.get(key);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(key, turn);
    const ended = (): void => {
      if (this.#last.get(key) === turn) this.#last.delete(key);
    };
    turn.then(ended, ended);
    return turn;
  }
}
