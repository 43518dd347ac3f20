import type { Fields } from './common-fields.ts';

/*
 * What the sections of a snapshot are.
 *
 * A snapshot is whole, or the difference to a whole one: then it has the rows that are others than there. First there is a section for each
 * of TABLES: a line with its directory, and behind it all rows, if they are few. Rows of larger tables are in sections behind, in order of
 * their keys: pages. Between directory and rows, tables whose rows have names have a line for each page: the names of each of its rows. All of it is JSON.
 */

export interface Header {
  readonly seq: number;
  /** SHA-256, hex, of the canonical state. */
  readonly hash: string;
  /** Position of the whole snapshot that this is the difference to. */
  readonly base?: number;
}

/** What is in a table, and where. */
export interface Directory {
  /** Fields of each group that rows have alike: the ground of those that are not in the base. The base's row is that of the others. */
  readonly common: readonly Fields[];
  /** The section of the first page; absent if the only one is behind this. */
  readonly section?: number;
  /** With what the keys of each page begin: no key before is as high, and none of the page lower. */
  readonly firsts: readonly string[];
  /** How many rows there are. */
  readonly rows: number;
  /** Whether names follow. */
  readonly named: boolean;
  /** Ranks of the base's rows that are gone, or stand elsewhere. */
  readonly removed: readonly number[];
}
