import type { Fields } from './common-fields.ts';
import { Page, type StoredRow } from './page.ts';
import type { Sections } from './sections.ts';
import type { Directory, Header } from './snapshot-file.ts';
import { decodeGroup, type StoredGroup } from './stored-group.ts';
import type { Form } from './tables.ts';

const LINE = 0x0a;

/** What one snapshot has of a table. */
class TableLayer {
  readonly directory: Directory;
  readonly #sections: Sections<Header>;
  readonly #names: Buffer;
  readonly #only: Page;

  constructor(sections: Sections<Header>, head: Buffer) {
    const end = head.indexOf(LINE);
    this.#sections = sections;
    this.directory = JSON.parse(head.toString('utf8', 0, end)) as Directory;
    const names = end + 1;
    const page = this.directory.named ? head.indexOf(LINE, names) + 1 : names;
    this.#names = this.directory.section === undefined ? head.subarray(names, page) : head.subarray(names);
    this.#only = new Page(head.subarray(page));
  }

  async rows(): Promise<readonly StoredRow[]> {
    return (await this.#pages(this.directory.firsts.map((_, page) => page))).flatMap((page) => page.rows());
  }

  async rowsWith(keys: readonly string[]): Promise<readonly StoredRow[]> {
    const wanted = Map.groupBy(keys, (key) => this.#pageOf(key));
    wanted.delete(-1);
    const pages = await this.#pages([...wanted.keys()]);
    return [...wanted.values()].flatMap((some, at) => some.map((key) => pages[at]?.row(key))).filter((row) => row !== undefined);
  }

  async keysNamed(name: string): Promise<readonly string[]> {
    const found = [...this.#placesNamed(name)];
    const pages = await this.#pages(found.map(([page]) => page));
    return found.flatMap(([, index], at) => pages[at]?.rowAt(index)?.[0] ?? []);
  }

  async keysBeginning(prefix: string): Promise<readonly string[]> {
    const { firsts } = this.directory;
    const from = Math.max(0, this.#pageOf(prefix));
    const after = firsts.findIndex((first, page) => page > from && first > prefix && !first.startsWith(prefix));
    const pages = await this.#pages(firsts.map((_, page) => page).slice(from, after === -1 ? undefined : after));
    return pages.flatMap((page) => page.rows().map(([key]) => key)).filter((key) => key.startsWith(prefix));
  }

  /** Which rows of which pages have a name: only names of those pages are parsed. */
  *#placesNamed(name: string): Generator<readonly [page: number, index: number]> {
    const text = JSON.stringify(name);
    const lines = this.#names;
    let [page, line] = [0, 0];
    for (let at = lines.indexOf(text); at !== -1; at = lines.indexOf(text, line)) {
      let end = lines.indexOf(LINE, line);
      for (; end < at; end = lines.indexOf(LINE, line)) {
        line = end + 1;
        page += 1;
      }
      const names = JSON.parse(lines.toString('utf8', line, end)) as readonly (readonly string[])[];
      for (const [index, some] of names.entries()) if (some.includes(name)) yield [page, index];
      line = end + 1;
      page += 1;
    }
  }

  #pageOf(key: string): number {
    return this.directory.firsts.findLastIndex((first) => first <= key);
  }

  async #pages(numbers: readonly number[]): Promise<readonly Page[]> {
    const { section } = this.directory;
    if (section === undefined) return numbers.map(() => this.#only);
    return (await this.#sections.read(numbers.map((number) => section + number))).map((bytes) => new Page(bytes));
  }
}

/** A table of a stored state: of a whole snapshot and the difference to it, if there is one. */
export class StoredTable<T> {
  readonly #form: Form<T>;
  readonly #whole: TableLayer;
  readonly #difference: TableLayer | undefined;

  private constructor(form: Form<T>, whole: TableLayer, difference: TableLayer | undefined) {
    this.#form = form;
    this.#whole = whole;
    this.#difference = difference;
  }

  /** `section`: where the table's directory is in each. */
  static async open<T>(
    form: Form<T>,
    whole: Sections<Header>,
    difference: Sections<Header> | undefined,
    section: number,
  ): Promise<StoredTable<T>> {
    const open = async (sections: Sections<Header>): Promise<TableLayer> => {
      const [head] = await sections.read([section]);
      return new TableLayer(sections, head ?? Buffer.alloc(0));
    };
    const [below, above] = await Promise.all([open(whole), difference && open(difference)]);
    return new StoredTable(form, below, above);
  }

  /** All rows, in order. */
  async rows(): Promise<ReadonlyMap<string, T>> {
    return this.#joined(...(await Promise.all([this.#whole.rows(), this.#difference?.rows()])));
  }

  /** Those of some keys that are there, in order. */
  async rowsWith(keys: readonly string[]): Promise<ReadonlyMap<string, T>> {
    return this.#joined(...(await Promise.all([this.#whole.rowsWith(keys), this.#difference?.rowsWith(keys)])));
  }

  /** Keys of rows that have a name, or had it once: no other has. */
  async keysNamed(name: string): Promise<readonly string[]> {
    const keys = await Promise.all([this.#whole.keysNamed(name), this.#difference?.keysNamed(name)]);
    return keys.flatMap((some) => some ?? []);
  }

  /** Keys that begin so, and some of rows that are gone. */
  async keysBeginning(prefix: string): Promise<readonly string[]> {
    const keys = await Promise.all([this.#whole.keysBeginning(prefix), this.#difference?.keysBeginning(prefix)]);
    return keys.flatMap((some) => some ?? []);
  }

  /** What rows of the whole one and, over them, of the difference come to. */
  #joined(below: readonly StoredRow[], above: readonly StoredRow[] = []): ReadonlyMap<string, T> {
    const placed = new Map<number, readonly [key: string, groups: readonly Fields[]]>();
    const { common, rows: inBase } = this.#whole.directory;
    for (const [key, rank, ...groups] of below) placed.set(rank, [key, decode(groups, common)]);
    const { removed = [], common: others = [] } = this.#difference?.directory ?? {};
    for (const rank of removed) placed.delete(rank);
    for (const [key, rank, ...groups] of above)
      placed.set(rank, [key, decode(groups, rank < inBase ? (placed.get(rank)?.[1] ?? []) : others)]);
    const rows = new Map<string, T>();
    for (const rank of Uint32Array.from(placed.keys()).sort()) {
      const [key, groups] = placed.get(rank) ?? ['', []];
      rows.set(key, this.#form.join(groups));
    }
    return rows;
  }
}

function decode(groups: readonly StoredGroup[], ground: readonly Fields[]): readonly Fields[] {
  return groups.map((group, index) => decodeGroup(group, ground[index] ?? {}));
}
