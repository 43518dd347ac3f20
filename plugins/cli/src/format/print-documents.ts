import { type Context, print } from '../context.ts';
import { compileTemplate } from './template.ts';

/** Prints whole objects: an indented JSON array; with `json` one object a line; with a template a line for each. */
export function printDocuments(context: Context, documents: readonly unknown[], format: string | undefined): void {
  if (format === undefined) {
    print(context, JSON.stringify(documents, null, 4));
    return;
  }
  const template = format === 'json' ? JSON.stringify : compileTemplate(format);
  for (const document of documents) print(context, template(document));
}
