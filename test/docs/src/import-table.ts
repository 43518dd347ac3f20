import { table } from './markdown.ts';
import { built, read } from './repository.ts';

interface Allowed {
  readonly ours: readonly string[];
  readonly thirdParty: readonly string[];
}

/** What each package may import, as `test/architecture` holds it, with what the package says of itself. */
export async function importTable(): Promise<string> {
  const { IMPORT_TABLE }: { readonly IMPORT_TABLE: { readonly [folder: string]: Allowed } } = await import(
    built('test/architecture/dist/import-table.js')
  );
  const names = (list: readonly string[]): string => (list.length === 0 ? 'nothing' : list.join(', '));
  const rows = await Promise.all(
    Object.entries(IMPORT_TABLE).map(async ([folder, { ours, thirdParty }]) => {
      const { description }: { readonly description: string } = JSON.parse(await read(`${folder}/package.json`));
      return [`\`${folder}\``, description, names(ours), names(thirdParty)];
    }),
  );
  return table(['package', 'what it is', 'may import of ours', 'of others'], rows);
}
