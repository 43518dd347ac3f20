import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ERRORS } from '@shiplog/contracts/errors';
import { readSources, TOP } from './sources.ts';

const test = suite('errors');

test('given the catalogue and docs/errors.md, when compared, then both name the same codes', async () => {
  const text = await readFile(join(TOP, 'docs/errors.md'), 'utf8');
  const documented = [...text.matchAll(/^\| `([A-Z_]+)` +\|/gm)].map((match) => match[1] ?? '');
  assert.equal(documented.toSorted(), Object.keys(ERRORS).toSorted());
});

test('given the catalogue, when the sources are read, then every code is used somewhere', async () => {
  const sources = await readSources(['core', 'plugins', 'storage-drivers', 'network-drivers']);
  const code = sources
    .filter((source) => !source.isTest && source.path !== 'core/contracts/src/errors.ts')
    .map((source) => source.text)
    .join('\n');
  const unused = Object.keys(ERRORS).filter((name) => !code.includes(`'${name}'`));
  assert.equal(unused, []);
});

test.run();
