import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { rowsOf } from './markdown.ts';
import { built, read } from './repository.ts';

interface Allowed {
  readonly ours: readonly string[];
  readonly thirdParty: readonly string[];
}

const test = suite('documentation: import table');
const { IMPORT_TABLE }: { readonly IMPORT_TABLE: { readonly [folder: string]: Allowed } } = await import(
  built('test/architecture/dist/import-table.js')
);

/** `a, b` as a sorted list; `none` is empty. */
const list = (cell: string): readonly string[] =>
  cell === 'none'
    ? []
    : cell
        .split(',')
        .map((name) => name.trim())
        .toSorted();

/** `plugins/{a,b}` is two folders. */
function foldersIn(cell: string): readonly string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].flatMap(([, path = '']) => {
    const braces = /^(.*)\{(.*)\}$/.exec(path);
    return braces === null ? [path] : (braces[2] ?? '').split(',').map((name) => `${braces[1]}${name}`);
  });
}

test('given ARCHITECTURE.md and the table that the tests hold, when compared, then each package may import the same', async () => {
  const written: Record<string, Allowed> = {};
  for (const [packages = '', , ours = '', thirdParty = ''] of rowsOf(await read('ARCHITECTURE.md'), 'package')) {
    for (const folder of foldersIn(packages))
      if (folder in IMPORT_TABLE) written[folder] = { ours: list(ours), thirdParty: list(thirdParty) };
  }
  const held = Object.fromEntries(
    Object.entries(IMPORT_TABLE).map(([folder, { ours, thirdParty }]) => [
      folder,
      { ours: ours.toSorted(), thirdParty: thirdParty.toSorted() },
    ]),
  );
  assert.equal(written, held);
});

test.run();
