/** One command's turn with what it shares with others. */
export interface Turn {
  /** Whether it has been taken. It is not given back before it ends. */
  readonly taken: boolean;
  /** Resolves when all who asked before have ended theirs. Taking it again is free. */
  take(): Promise<void>;
  /** Has it for as long as `work` takes, or has it already. */
  during<R>(work: () => Promise<R>): Promise<R>;
  /** Lets the next one have it. Harmless where it was never taken. */
  end(): void;
}

/** What one command has at a time: first come, first served. */
export class Turns {
  #last: Promise<void> = Promise.resolve();

  turn(): Turn {
    let ended: PromiseWithResolvers<void> | undefined;
    let before: Promise<void> | undefined;
    const during = async <R>(work: () => Promise<R>): Promise<R> => {
      const own = this.turn();
      await (before ?? own.take());
      try {
        return await work();
      } finally {
        own.end();
      }
    };
    return {
      during,
      get taken() {
        return before !== undefined;
      },
      take: () => {
        if (before === undefined) {
          ended = Promise.withResolvers();
          before = this.#last;
          this.#last = ended.promise;
        }
        return before;
      },
      end: () => ended?.resolve(),
    };
  }
}
