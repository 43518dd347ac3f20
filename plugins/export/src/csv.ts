import { lines } from './chunks.ts';
import { COLUMNS } from './columns.ts';
import type { Format } from './format.ts';
import { rfc3339 } from './time.ts';

const NEEDS_QUOTES = /[",\r\n]/;

/**
 * One record of RFC 4180: CRLF at its end, fields quoted where they must be. A text that a spreadsheet would take for a formula is not
 * changed: this is a record, and programs read it.
 */
export function csvLine(cells: readonly (string | number | undefined)[]): string {
  let line = '';
  for (let index = 0; index < cells.length; index += 1) {
    const cell = cells[index];
    if (index > 0) line += ',';
    if (cell === undefined) continue;
    line += typeof cell === 'string' && NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
  }
  return `${line}\r\n`;
}

export const csv: Format = {
  name: 'csv',
  doc: 'CSV (RFC 4180) with a header, one event a row',
  binary: false,
  write: (events) =>
    lines(
      events,
      (event) =>
        csvLine(
          COLUMNS.map((column) => {
            const cell = column.of(event);
            return column.type === 'time' && typeof cell === 'string' ? rfc3339(cell) : cell;
          }),
        ),
      csvLine(COLUMNS.map(({ name }) => name)),
    ),
};
