import { type Results, type Row, wordsOf } from './results.ts';

/** Columns beside the driver: the kit of its family, and the two that are for all families. */
export const COLUMNS = ['kit of its family', 'crash', 'plugin'] as const;

/** Driver by kit: a line for each driver and way of setting it up. */
export function tableOf(rows: readonly Row[]): readonly (readonly string[])[] {
  const drivers = [...new Set(rows.map(({ driver }) => driver))];
  const cell = (driver: string, column: (typeof COLUMNS)[number]): string =>
    rows
      .filter((row) => row.driver === driver && columnOf(row) === column)
      .map(wordsOf)
      .join('; ');
  return drivers.map((driver) => [driver, ...COLUMNS.map((column) => cell(driver, column))]);
}

function columnOf({ suite }: Row): (typeof COLUMNS)[number] {
  return suite === 'crash' || suite === 'plugin' ? suite : 'kit of its family';
}

/** All of it, for a terminal. */
export function textOf({ machine, rows, wrong }: Results): string {
  const table = [['driver', ...COLUMNS], ...tableOf(rows)];
  const widths = ['', ...COLUMNS].map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((text, column) => text.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  const failures = rows.flatMap(({ driver, failed }) => failed.map(({ check, failure }) => `FAIL ${driver}: ${check}\n     ${failure}`));
  const held = wrong.filter(({ caught }) => !caught).map(({ kit, check, does }) => `HELD ${kit}: ${check}\n     for a driver that ${does}`);
  return [
    Object.entries(machine)
      .map(([fact, value]) => `${fact}: ${value}`)
      .join('\n'),
    lines.join('\n'),
    ...failures,
    ...held,
    `${wrong.length - held.length} of ${wrong.length} wrong drivers caught by the check made for them`,
  ].join('\n\n');
}
