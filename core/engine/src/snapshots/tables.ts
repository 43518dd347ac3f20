import type { ContainerRecord, ExecRecord, ImageRecord } from '@shiplog/contracts';
import type { State } from '@shiplog/model';
import type { Fields } from './common-fields.ts';

/** A container with its exec sessions. */
export interface ContainerRow {
  readonly record: ContainerRecord;
  readonly execs: readonly ExecRecord[];
}

type Records = { readonly [Name in keyof State as State[Name] extends Map<string, object> ? Name : never]: State[Name] };
type RecordOf<M> = M extends Map<string, infer Record> ? Record : never;

/** What each table of a state has, by key: one for each of its maps, but that exec sessions are with their containers. */
export type Rows = { readonly [Name in Exclude<keyof Records, 'containers' | 'execs'>]: RecordOf<Records[Name]> } & {
  readonly containers: ContainerRow;
};

export type TableName = keyof Rows;
export type Row = Rows[TableName];

const IN_ORDER: { readonly [Name in TableName]: null } = {
  containers: null,
  images: null,
  volumes: null,
  networks: null,
  openOperations: null,
  pending: null,
  plugins: null,
};

export const TABLES = Object.keys(IN_ORDER) as readonly TableName[];

/** Rows of a table as they are stored: in groups of fields, each with fields that most rows have alike. */
export interface Form<T> {
  split(row: T): readonly Fields[];
  /** The first of the groups may be kept, and changed. */
  join(groups: readonly Fields[]): T;
  /** What else than its key a row is found by; absent where there is nothing. */
  names?(row: T): readonly string[];
  /** Records are replaced, never changed: another object is another record. */
  same(one: T, other: T): boolean;
}

const RECORD: Form<Fields> = { split: (row) => [row], join: ([row = {}]) => row, same: (one, other) => one === other };

const CONTAINER: Form<ContainerRow> = {
  split: ({ record: { spec, ...record }, execs }) => [{ ...record }, { ...spec }, { execs }],
  join: ([record, spec, execs]) => ({ record: Object.assign(record ?? {}, { spec }), ...execs }) as object as ContainerRow,
  names: ({ record }) => [record.name],
  same: (one, other) => one.record === other.record && other.execs.every((exec, index) => exec === one.execs[index]),
};

const FORMS = {
  containers: CONTAINER,
  images: { ...RECORD, names: ({ tags, repoDigests }: ImageRecord) => [...tags, ...repoDigests] },
};

/** How rows of a table are stored. */
export function formOf<N extends TableName>(name: N): Form<Rows[N]> {
  // Each is the one for its table: any other table's rows are plain records.
  const form: unknown = Object.hasOwn(FORMS, name) ? FORMS[name as keyof typeof FORMS] : RECORD;
  return form as Form<Rows[N]>;
}

/** A table of a state, in its order. */
export function rowsOf<N extends TableName>(state: State, name: N): ReadonlyMap<string, Rows[N]> {
  const rows: ReadonlyMap<string, unknown> = name === 'containers' ? containersOf(state) : state[name];
  return rows as ReadonlyMap<string, Rows[N]>;
}

function containersOf({ containers, execs }: State): ReadonlyMap<string, ContainerRow> {
  const rows = new Map<string, ContainerRow>();
  for (const [id, record] of containers)
    rows.set(id, { record, execs: record.execIds.map((execId) => execs.get(execId)).filter((exec) => exec !== undefined) });
  return rows;
}

/** Puts rows into a table of a state, after those that are there. */
export function putRows<N extends TableName>(state: State, name: N, rows: ReadonlyMap<string, Rows[N]>): void {
  const table: Map<string, unknown> = state[name];
  for (const [key, row] of rows) {
    if (name !== 'containers') {
      table.set(key, row);
      continue;
    }
    const { record, execs } = row as ContainerRow;
    table.set(key, record);
    for (const exec of execs) state.execs.set(exec.id, exec);
  }
}
