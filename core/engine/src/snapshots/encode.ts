import type { State } from '@shiplog/model';
import { type EncodedTable, encodeTable, type PlacedRows } from './encode-table.ts';
import type { Directory, Header } from './snapshot-file.ts';
import { formOf, rowsOf, type Row, type Rows, type TableName, TABLES } from './tables.ts';

/** A whole snapshot that was made before: what others are the difference to. */
export interface Base {
  readonly seq: number;
  readonly tables: ReadonlyMap<TableName, PlacedRows<Row>>;
}

/** What there is to write. */
export interface Encodable {
  readonly state: State;
  readonly hash: string;
  readonly base?: Base;
}

/** A state in sections, and what a later difference needs. */
export interface Encoded {
  readonly header: Header;
  readonly sections: readonly Buffer[];
  readonly tables: ReadonlyMap<TableName, PlacedRows<Row>>;
}

/** The state must not change meanwhile. `pause` is awaited now and then: others have work too. */
export async function encodeState({ state, hash, base }: Encodable, pause: () => Promise<void>): Promise<Encoded> {
  const heads: Buffer[] = [];
  const pages: Buffer[] = [];
  const tables = new Map<TableName, PlacedRows<Row>>();
  for (const name of TABLES) {
    const table = await encodeOne(state, name, base, pause);
    const [only, ...more] = table.pages;
    const section = TABLES.length + pages.length;
    if (more.length > 0) pages.push(...table.pages.map((page) => Buffer.from(page)));
    heads.push(more.length === 0 ? encodeHead(table, table.directory, only) : encodeHead(table, { ...table.directory, section }));
    tables.set(name, table.placed);
  }
  const header: Header = { seq: state.seq, hash, ...(base === undefined ? {} : { base: base.seq }) };
  return { header, sections: [...heads, ...pages], tables };
}

function encodeOne<N extends TableName>(state: State, name: N, base: Base | undefined, pause: () => Promise<void>) {
  // What the map has under a name are that table's rows.
  const before = base?.tables.get(name) as PlacedRows<Rows[N]> | undefined;
  return encodeTable(rowsOf(state, name), formOf(name), before, pause);
}

function encodeHead({ names }: Pick<EncodedTable<unknown>, 'names'>, directory: Directory, page = ''): Buffer {
  return Buffer.from([JSON.stringify(directory), ...names, page].join('\n'));
}
