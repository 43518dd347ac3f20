import type { StoredGroup } from './stored-group.ts';

/** A row as it is stored: key, rank (its place among all), and its groups of fields. */
export type StoredRow = readonly [key: string, rank: number, ...groups: StoredGroup[]];

/** A row's groups. */
export function groupsOf(row: StoredRow): readonly StoredGroup[] {
  // Behind key and rank is nothing else.
  return row.slice(2) as readonly StoredGroup[];
}

const LINE = 0x0a;

/** Rows of a page in order of their keys, each a line: one is found, and parsed, without the others. */
export function encodePage(rows: readonly string[]): string {
  return `[\n${rows.join(',\n')}\n]`;
}

/** A page that was read. */
export class Page {
  readonly #bytes: Buffer;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  rows(): readonly StoredRow[] {
    return JSON.parse(this.#bytes.toString()) as readonly StoredRow[];
  }

  row(key: string): StoredRow | undefined {
    const before = this.#bytes.indexOf(`\n[${JSON.stringify(key)},`);
    return before === -1 ? undefined : this.#parse(before + 1);
  }

  /** The row with so many before it. */
  rowAt(index: number): StoredRow | undefined {
    let before = this.#bytes.indexOf(LINE);
    for (let at = 0; at < index && before !== -1; at += 1) before = this.#bytes.indexOf(LINE, before + 1);
    return before === -1 ? undefined : this.#parse(before + 1);
  }

  #parse(from: number): StoredRow {
    const end = this.#bytes.indexOf(LINE, from);
    const text = this.#bytes.toString('utf8', from, end);
    return JSON.parse(text.endsWith(',') ? text.slice(0, -1) : text) as StoredRow;
  }
}
