const GAP = 3;

/** Rows with their columns aligned, separated by spaces; no spaces at the ends of lines. Width is counted in code points. */
export function renderTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [column, cell] of row.entries()) widths[column] = Math.max(widths[column] ?? 0, [...cell].length);
  }
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - [...cell].length + GAP))
        .join('')
        .trimEnd(),
    )
    .join('\n');
}
