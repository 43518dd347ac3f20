import { Join } from './join.ts';
import { Page, type StoredRow } from './page.ts';
import type { Sections } from './sections.ts';
import type { Directory, Header } from './snapshot-file.ts';
import type { Form } from './tables.ts';

const LINE = 0x0a;
/** Pages read at once of those that are all read. */
const AT_ONCE = 8;

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

  /** All rows, a page at a time. A page's bytes and rows are garbage before many others come: what lives longer, only a collection of the whole heap frees. */
  async *rows(): AsyncGenerator<readonly StoredRow[]> {
    const { firsts, section } = this.directory;
    if (firsts.length === 0) return;
    if (section === undefined) return yield this.#only.rows();
    const read = (page: number): Promise<readonly Buffer[]> => {
      const numbers = firsts.slice(page, page + AT_ONCE).map((_, at) => section + page + at);
      const pages = this.#sections.readOnce(numbers);
      // Told when its turn comes.
      pages.catch(() => undefined);
      return pages;
    };
    let next = read(0);
    for (let page = 0; page < firsts.length; page += AT_ONCE) {
      const pages = await next;
      next = read(page + AT_ONCE);
      for (const bytes of pages) yield new Page(bytes).rows();
    }
  }

  async rowsWith(keys: readonly string[]): Promise<readonly StoredRow[]> {
    if (keys.length === 0 || this.directory.firsts.length === 0) return [];
    const numbers = [...new Set(keys.map((key) => this.#pageOf(key)))].filter((number) => number !== -1);
    const pages = await this.#pages(numbers);
    const rows: StoredRow[] = [];
    for (const key of keys) {
      const row = pages[numbers.indexOf(this.#pageOf(key))]?.row(key);
      if (row !== undefined) rows.push(row);
    }
    return rows;
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
    const [below, above] = await Promise.all([openLayer(whole, section), difference && openLayer(difference, section)]);
    return new StoredTable(form, below, above);
  }

  /** All rows, in order. */
  async rows(): Promise<ReadonlyMap<string, T>> {
    const join = this.#join();
    if (this.#difference !== undefined) for await (const rows of this.#difference.rows()) join.change(rows);
    for await (const rows of this.#whole.rows()) join.add(rows);
    return join.rows();
  }

  /** Those of some keys that are there, in order. */
  async rowsWith(keys: readonly string[]): Promise<ReadonlyMap<string, T>> {
    const [below, above] = await Promise.all([this.#whole.rowsWith(keys), this.#difference?.rowsWith(keys)]);
    const join = this.#join();
    join.change(above ?? []);
    join.add(below);
    return join.rows();
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

  #join(): Join<T> {
    return new Join(this.#form, this.#whole.directory, this.#difference?.directory);
  }
}

async function openLayer(sections: Sections<Header>, section: number): Promise<TableLayer> {
  return new TableLayer(sections, sections.known(section) ?? (await sections.read([section]))[0] ?? Buffer.alloc(0));
}
