import { GrowingArray } from './growing-array.ts';

/** Which type each event has: two bytes an event, and each type's name once. */
export class TypeIndex {
  /** The types so far, by id. */
  readonly names: string[] = [];
  /** The type's id of each event. */
  readonly ids = new GrowingArray(Uint16Array);
  readonly #ids = new Map<string, number>();
  readonly #selections = new WeakMap<readonly string[], TypeSelection>();

  /** Takes in the next event's type. */
  add(type: string): void {
    this.ids.push(this.#ids.get(type) ?? this.#name(type));
  }

  /** Takes in the ids of the next events; `names` are those of them that are new. */
  load(names: readonly string[], ids: Uint16Array): void {
    for (const name of names) this.#name(name);
    this.ids.pushAll(ids);
  }

  /** The types that fit one of `patterns` (`container.*`), now and later. Made once for the same list: who reads often, often reads the same types. */
  select(patterns: readonly string[]): TypeSelection {
    const known = this.#selections.get(patterns);
    if (known !== undefined) return known;
    const selection = new TypeSelection(this, patterns);
    this.#selections.set(patterns, selection);
    return selection;
  }

  #name(type: string): number {
    const id = this.names.push(type) - 1;
    this.#ids.set(type, id);
    return id;
  }
}

/** Some types of an index. */
export class TypeSelection {
  /** Whether the type with an id is wanted, as far as ids were looked at. */
  readonly #wanted: boolean[] = [];

  constructor(
    private readonly index: TypeIndex,
    private readonly patterns: readonly string[],
  ) {}

  /** Whether the event at a position is of one of these types. */
  has(seq: number): boolean {
    return this.#wants()[this.index.ids.at(seq)] === true;
  }

  /** Positions of up to `limit` events from `from` to `to`. */
  positions(from: number, to: number, limit: number): readonly number[] {
    const { ids } = this.index;
    const wanted = this.#wants();
    const found: number[] = [];
    const end = Math.min(to, ids.length - 1);
    for (let seq = from; seq <= end && found.length < limit; seq++) if (wanted[ids.at(seq)] === true) found.push(seq);
    return found;
  }

  #wants(): readonly boolean[] {
    const { names } = this.index;
    const wanted = this.#wanted;
    for (let id = wanted.length; id < names.length; id++) wanted.push(this.patterns.some((pattern) => fits(pattern, names[id] as string)));
    return wanted;
  }
}

/** Whether a pattern stands for a name: it is the name, or a beginning of it and `*`. */
export function fits(pattern: string, name: string): boolean {
  return pattern.endsWith('*') ? name.startsWith(pattern.slice(0, -1)) : name === pattern;
}
