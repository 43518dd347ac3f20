import { createState, type State } from '@shiplog/model';
import type { Sections } from './sections.ts';
import type { Header } from './snapshot-file.ts';
import { StoredTable } from './stored-table.ts';
import { formOf, putRows, type Row, type Rows, type TableName, TABLES } from './tables.ts';

/** A stored snapshot: a whole one, and the difference to it, if there is one. */
export class StoredState {
  readonly header: Header;
  readonly #whole: Sections<Header>;
  readonly #difference: Sections<Header> | undefined;
  readonly #tables = new Map<TableName, Promise<StoredTable<Row>>>();

  constructor(whole: Sections<Header>, difference?: Sections<Header>) {
    this.#whole = whole;
    this.#difference = difference;
    this.header = (difference ?? whole).header;
  }

  /** All of it, which the caller may fold further. */
  async state(): Promise<State> {
    await this.prepare(TABLES);
    return this.some(TABLES);
  }

  /** A state with some of the tables, and nothing else. */
  async some(names: readonly TableName[]): Promise<State> {
    await this.prepare(names);
    const state = createState();
    state.seq = this.header.seq;
    for (const name of names) putRows(state, name, await (await this.table(name)).rows());
    return state;
  }

  /** Reads directories of tables in one go. */
  async prepare(names: readonly TableName[]): Promise<void> {
    const wanted = names.map((name) => TABLES.indexOf(name));
    await Promise.all([this.#whole.read(wanted), this.#difference?.read(wanted)]);
  }

  /** One of the tables, to be read in part. */
  table<N extends TableName>(name: N): Promise<StoredTable<Rows[N]>> {
    const known = this.#tables.get(name);
    // What the map has under a name is that table.
    if (known !== undefined) return known as Promise<StoredTable<Row>> as Promise<StoredTable<Rows[N]>>;
    const table = StoredTable.open(formOf(name), this.#whole, this.#difference, TABLES.indexOf(name));
    this.#tables.set(name, table as Promise<StoredTable<Row>>);
    return table;
  }
}
