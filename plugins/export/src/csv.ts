import type { ShiplogEvent } from '@shiplog/contracts';
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
  return `${cells.map(field).join(',')}\r\n`;
}

function field(cell: string | number | undefined): string | number {
  if (typeof cell !== 'string') return cell ?? '';
  return NEEDS_QUOTES.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A row without a list in between: this is run for every event there is. */
function row(event: ShiplogEvent): string {
  let line = '';
  for (const column of COLUMNS) {
    const cell = column.of(event);
    if (line !== '') line += ',';
    line += column.type === 'time' && typeof cell === 'string' ? rfc3339(cell) : field(cell);
  }
  return `${line}\r\n`;
}

export const csv: Format = {
  name: 'csv',
  doc: 'CSV (RFC 4180) with a header, one event a row',
  binary: false,
  write: (events) => lines(events, row, csvLine(COLUMNS.map(({ name }) => name))),
};
