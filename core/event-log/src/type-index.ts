import { GrowingArray } from './growing-array.ts';

/** Which type each event has: two bytes an event, and each type's name once. */
export class TypeIndex {
  readonly #names: string[] = [];
  readonly #ids = new Map<string, number>();
  readonly #byPosition = new GrowingArray(Uint16Array);

  /** Takes in the next event's type. */
  add(type: string): void {
    let id = this.#ids.get(type);
    if (id === undefined) {
      id = this.#names.push(type) - 1;
      this.#ids.set(type, id);
    }
    this.#byPosition.push(id);
  }

  /** Positions of up to `limit` events from `from` to `to` whose type fits one of `patterns` (`container.*`). */
  positions(patterns: readonly string[], from: number, to: number, limit: number): readonly number[] {
    const wanted = this.#names.map((name) => patterns.some((pattern) => fits(pattern, name)));
    const found: number[] = [];
    const types = this.#byPosition.values;
    const end = Math.min(to, types.length - 1);
    for (let seq = from; seq <= end && found.length < limit; seq++) if (wanted[types[seq] ?? 0] === true) found.push(seq);
    return found;
  }
}

/** Whether a pattern stands for a name: it is the name, or a beginning of it and `*`. */
function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
