import { commonOf } from './common-fields.ts';
import { encodePage, type StoredRow } from './page.ts';
import type { Directory } from './snapshot-file.ts';
import { encodeGroup } from './stored-group.ts';
import type { Form } from './tables.ts';

/** Characters of a page, after which another begins: so many are read for the sake of one row. */
const PAGE = 16 * 1024;
/** How many rows are asked what they have alike. */
const SAMPLE = 64;
/** Pages between two pauses. */
const BURST = 2;

/** A row, and its place among all. */
export interface Placed<T> {
  readonly row: T;
  readonly rank: number;
}

/** A table's rows, by key and in order. */
export type PlacedRows<T> = ReadonlyMap<string, Placed<T>>;

/** A table in pages. */
export interface EncodedTable<T> {
  readonly directory: Directory;
  /** For each page, the names of each of its rows; nothing where rows of the table have none. */
  readonly names: readonly string[];
  readonly pages: readonly string[];
  readonly placed: PlacedRows<T>;
}

/** Of a table with a base, only rows that are others than there, and of these what is other. `pause` is awaited now and then. */
export async function encodeTable<T>(
  rows: ReadonlyMap<string, T>,
  form: Form<T>,
  base: PlacedRows<T> | undefined,
  pause: () => Promise<void>,
): Promise<EncodedTable<T>> {
  const placed = place(rows, base);
  const changed = [...placed].filter(([key, now]) => isChanged(now, base?.get(key), form)).toSorted(([a], [b]) => (a < b ? -1 : 1));
  const sample = changed.slice(0, SAMPLE).map(([, { row }]) => form.split(row));
  const common = (sample[0] ?? []).map((_, index) => commonOf(sample.map((groups) => groups[index] ?? {})));
  const pages: string[] = [];
  const firsts: string[] = [];
  const names: string[] = [];
  for (let at = 0; at < changed.length;) {
    const texts: string[] = [];
    const first = at;
    for (let size = 0; at < changed.length && size < PAGE; at += 1) {
      const [key, { row, rank }] = changed[at] as (typeof changed)[number];
      const before = base?.get(key);
      const ground = before?.rank === rank ? form.split(before.row) : common;
      const stored: StoredRow = [key, rank, ...form.split(row).map((group, index) => encodeGroup(group, ground[index] ?? {}))];
      const text = JSON.stringify(stored);
      texts.push(text);
      size += text.length;
    }
    firsts.push(first === 0 ? '' : beginningAfter(changed[first - 1]?.[0] ?? '', changed[first]?.[0] ?? ''));
    if (form.names !== undefined) names.push(JSON.stringify(changed.slice(first, at).map(([, { row }]) => form.names?.(row))));
    pages.push(encodePage(texts));
    if (pages.length % BURST === 0) await pause();
  }
  const removed = removedRanks(placed, base);
  return { directory: { common, firsts, rows: changed.length, named: names.length > 0, removed }, names, pages, placed };
}

/** Rows keep the rank they have in the base while their order is the same; others come after, in their order. So ranks only rise. */
function place<T>(rows: ReadonlyMap<string, T>, base: PlacedRows<T> | undefined): PlacedRows<T> {
  const placed = new Map<string, Placed<T>>();
  let [last, next] = [-1, base?.size ?? 0];
  for (const [key, row] of rows) {
    const before = base?.get(key)?.rank ?? -1;
    const rank = before > last ? before : next++;
    placed.set(key, { row, rank });
    last = rank;
  }
  return placed;
}

function isChanged<T>(now: Placed<T>, before: Placed<T> | undefined, form: Form<T>): boolean {
  return before === undefined || before.rank !== now.rank || !form.same(now.row, before.row);
}

function removedRanks<T>(placed: PlacedRows<T>, base: PlacedRows<T> | undefined): readonly number[] {
  return [...(base ?? [])].filter(([key, { rank }]) => placed.get(key)?.rank !== rank).map(([, { rank }]) => rank);
}

/** As much of `key` as is needed to be higher than `before`, which is lower. */
function beginningAfter(before: string, key: string): string {
  let length = 1;
  while (length < key.length && key.slice(0, length) <= before) length += 1;
  return key.slice(0, length);
}
