/** A milestone with the moment it was reached, milliseconds from the beginning. */
export interface Reached {
  readonly milestone: string;
  readonly at: number;
}

/**
 * What had ended before each operation began, and only that: of two things that had ended, the one that had ended before the
 * other began is left out, since the other stands for it.
 */
export class HappenedBefore {
  #frontier: readonly Reached[] = [];
  readonly #began = new Map<string, readonly Reached[]>();

  /** An operation begins. Answers what it came after. */
  begin(milestone: string): readonly Reached[] {
    this.#began.set(milestone, this.#frontier);
    return this.#frontier;
  }

  end(milestone: string, at: number): void {
    const before = this.#began.get(milestone) ?? [];
    this.#began.delete(milestone);
    this.#frontier = [...this.#frontier.filter((one) => !before.includes(one)), { milestone, at }];
  }
}
