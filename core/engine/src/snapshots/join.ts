import type { Fields } from './common-fields.ts';
import { groupsOf, type StoredRow } from './page.ts';
import type { Directory } from './snapshot-file.ts';
import { decodeGroup } from './stored-group.ts';
import type { Form } from './tables.ts';

/** A row, and its place among all. */
interface Ranked<T> {
  readonly key: string;
  readonly rank: number;
  readonly row: T;
}

/** What rows of a whole table and, over them, of the difference to it come to. Each becomes one object, once all there is to it is known. */
export class Join<T> {
  readonly #form: Form<T>;
  readonly #whole: Directory;
  readonly #difference: Directory | undefined;
  readonly #changes = new Map<number, StoredRow>();
  readonly #found: Ranked<T>[] = [];

  constructor(form: Form<T>, whole: Directory, difference: Directory | undefined) {
    this.#form = form;
    this.#whole = whole;
    this.#difference = difference;
  }

  /** Takes rows of the difference: all of them that matter come before the first of the whole one. */
  change(rows: readonly StoredRow[]): void {
    for (const row of rows) {
      if (row[1] < this.#whole.rows) this.#changes.set(row[1], row);
      else this.#found.push(this.#ranked(row, this.#difference?.common ?? []));
    }
  }

  /** Takes rows of the whole one. */
  add(rows: readonly StoredRow[]): void {
    const { common } = this.#whole;
    for (const row of rows)
      if (!isAmong(this.#difference?.removed ?? [], row[1])) this.#found.push(this.#ranked(row, common, this.#changes.get(row[1])));
  }

  /** In order. */
  rows(): ReadonlyMap<string, T> {
    const rows = new Map<string, T>();
    for (const { key, row } of this.#found.sort((a, b) => a.rank - b.rank)) rows.set(key, row);
    return rows;
  }

  #ranked(stored: StoredRow, grounds: readonly Fields[], change?: StoredRow): Ranked<T> {
    const [groups, changes] = [groupsOf(stored), change && groupsOf(change)];
    const decoded = groups.map((group, index) => decodeGroup(grounds[index] ?? {}, group, changes?.[index]));
    // A row's own, which its form may complete.
    if (decoded[0] === grounds[0]) decoded[0] = { ...decoded[0] };
    return { key: stored[0], rank: stored[1], row: this.#form.join(decoded) };
  }
}

/** Whether a number is among others, ascending. */
function isAmong(ascending: readonly number[], wanted: number): boolean {
  let [low, high] = [0, ascending.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ascending[middle] ?? 0) < wanted) low = middle + 1;
    else high = middle;
  }
  return ascending[low] === wanted;
}
