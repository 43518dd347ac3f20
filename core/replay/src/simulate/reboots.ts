/** What ends with the host: no process ends then by itself, so nothing but what came before says when. */
export class Reboots {
  readonly #ends = new Map<number, (() => void)[]>();

  /** `at`: when the host went down, as it is recorded. */
  add(at: number, end: () => void): void {
    this.#ends.set(at, [...(this.#ends.get(at) ?? []), end]);
  }

  /** When the host goes down next with something that runs. */
  get next(): number | undefined {
    return this.#ends.size === 0 ? undefined : Math.min(...this.#ends.keys());
  }

  /** It goes down. */
  happen(at: number): void {
    const ends = this.#ends.get(at) ?? [];
    this.#ends.delete(at);
    for (const end of ends) end();
  }
}
