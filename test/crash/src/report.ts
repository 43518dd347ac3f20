/** One row of the report: what was done, how often, and what was found. */
export interface Row {
  readonly kind: string;
  /** Crashes, or runs with an injected error. */
  readonly points: number;
  /** Different states of the disk among them: equal ones are opened once. */
  readonly states: number;
  /** States on which an engine was started, twice. */
  readonly recovered: number;
  readonly faults: Readonly<Record<FaultColumn, number>>;
}

export const FAULT_COLUMNS = ['lost', 'gap', 'contradicted', 'unopened', 'not recovered'] as const;

export type FaultColumn = (typeof FAULT_COLUMNS)[number];

/** A table for people; the last line sums up. */
export function reportText(rows: readonly Row[]): string {
  const heads = ['kind', 'points', 'states', 'recovered', ...FAULT_COLUMNS];
  const lines = [...rows, total(rows)].map((row) => [
    row.kind,
    ...[row.points, row.states, row.recovered, ...FAULT_COLUMNS.map((column) => row.faults[column])].map(String),
  ]);
  const widths = heads.map((head, column) => Math.max(head.length, ...lines.map((line) => line[column]?.length ?? 0)));
  const text = (line: readonly string[]): string =>
    line.map((cell, column) => (column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0))).join('  ');
  return [text(heads), ...lines.map(text)].join('\n');
}

/** All rows as one. */
export function total(rows: readonly Row[]): Row {
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  return {
    kind: 'all',
    points: sum((row) => row.points),
    states: sum((row) => row.states),
    recovered: sum((row) => row.recovered),
    faults: faultCounts((column) => sum((row) => row.faults[column])),
  };
}

/** A count for each column. */
export function faultCounts(count: (column: FaultColumn) => number): Row['faults'] {
  return {
    lost: count('lost'),
    gap: count('gap'),
    contradicted: count('contradicted'),
    unopened: count('unopened'),
    'not recovered': count('not recovered'),
  };
}
