import { type Context, print } from '../context.ts';
import { printable } from './printable.ts';
import { renderTable } from './table.ts';
import { compileTemplate } from './template.ts';

/** One row of a list, by Docker's field names. */
export type Row = { readonly [field: string]: string };

/** A column of the table: its title and the field it shows. */
export type Column = readonly [title: string, field: string];

export interface ListOptions {
  /** `json`: a JSON object a line. `table {{.A}}\t{{.B}}`: a table of these. A template: a line per row. Absent: the table. */
  readonly format?: string | undefined;
  /** Print this field alone, a line per row. */
  readonly quiet?: string | undefined;
}

/** Prints a list for people or programs. */
export function printList(context: Context, rows: readonly Row[], columns: readonly Column[], options: ListOptions): void {
  const { format, quiet } = options;
  if (quiet !== undefined && format === undefined) {
    for (const row of rows) print(context, row[quiet] ?? '');
  } else if (format === undefined || format === 'table') {
    printTable(
      context,
      columns.map(([title]) => title),
      rows.map((row) => columns.map(([, field]) => row[field] ?? '')),
    );
  } else if (format === 'json') {
    for (const row of rows) print(context, JSON.stringify(row));
  } else if (format.startsWith('table ')) {
    const template = compileTemplate(format.slice('table '.length));
    const titles = Object.fromEntries(columns.map(([title, field]) => [field, title]));
    const header = Object.fromEntries(Object.keys(rows[0] ?? titles).map((field) => [field, titles[field] ?? field.toUpperCase()]));
    const cells = (row: Row): string[] => template(row).split('\t');
    printTable(context, cells(header), rows.map(cells));
  } else {
    const template = compileTemplate(format);
    for (const row of rows) print(context, template(row));
  }
}

/** Prints a table; the titles stand out on a terminal. */
export function printTable(context: Context, titles: readonly string[], rows: readonly (readonly string[])[]): void {
  const [header = '', ...lines] = renderTable([titles, ...rows.map((row) => row.map(printable))]).split('\n');
  print(context, context.colors.bold(header));
  for (const line of lines) print(context, line);
}
