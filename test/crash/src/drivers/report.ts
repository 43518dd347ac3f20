import type { Killed } from './kill-everywhere.ts';

/** One verb with one shelf of drivers. */
export interface Row {
  readonly shelf: string;
  readonly verb: string;
  /** Different calls of drivers that it makes. */
  readonly steps: number;
  /** Engines that were killed. */
  readonly points: number;
  readonly failed: number;
}

export function rowsOf(killed: readonly Killed[]): readonly Row[] {
  return [...Map.groupBy(killed, ({ shelf, verb }) => `${shelf} ${verb}`).values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const { shelf, verb } = first;
    const reached = group.filter((one) => one.reached);
    const steps = new Set(reached.flatMap(({ moment }) => (moment === undefined ? [] : [moment.call]))).size;
    return [{ shelf, verb, steps, points: reached.length, failed: group.filter(({ problems }) => problems.length > 0).length }];
  });
}

/** A table for people; the last line sums up. */
export function tableOf(rows: readonly Row[]): string {
  const sum = (of: (row: Row) => number): number => rows.reduce((all, row) => all + of(row), 0);
  const lines = [
    ['drivers', 'verb', 'steps', 'points', 'failed'],
    ...rows.map(({ shelf, verb, steps, points, failed }) => [shelf, verb, ...[steps, points, failed].map(String)]),
    ['all', '', ...[sum(({ steps }) => steps), sum(({ points }) => points), sum(({ failed }) => failed)].map(String)],
  ];
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines.map((line) => line.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join('  ')).join('\n');
}

/** Words to the left, numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column < 2 ? cell.padEnd(width) : cell.padStart(width);
}
