// time limit: 300 s
import { readFile } from 'node:fs/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, ROUTES } from '@shiplog/api-docker';
import { DOCKER_ALONE } from './answer-keys/docker-alone.ts';
import { engineKeys, type Table } from './answer-keys/engine-keys.ts';
import { VERSIONS, WITHOUT_KEYS } from './answer-keys/questions.ts';
import { TABLE } from './answer-keys/table.ts';

const test = suite('keys of answers, as the table has them');
const table = JSON.parse(await readFile(TABLE, 'utf8')) as Table;

test('given every route that is read, when the table is looked at, then it has the route, unless it answers no keys', () => {
  const read = ROUTES.filter((row) => row.method === 'GET' && !REFUSED.includes(row)).map(({ template }) => template);
  for (const version of VERSIONS)
    assert.equal([...Object.keys(table[version] ?? {}), ...WITHOUT_KEYS].toSorted(), read.toSorted(), version);
});

test('given an engine that has something of everything, when it is asked, then it answers the keys of the table, and no other', async () => {
  const found = await engineKeys();
  for (const version of VERSIONS)
    for (const [route, keys] of Object.entries(found[version] ?? {}))
      assert.equal(
        keys,
        table[version]?.[route],
        `API ${version}: GET ${route}. Is it meant? node test/docker-compat/dist/answer-keys/write.js`,
      );
});

test('given what Docker 20.10.24 answered to the same questions, when the table is compared, then nothing of it is missing but what is named', () => {
  const docker = table['Docker 20.10.24'] ?? {};
  assert.ok(Object.keys(docker).length > 15);
  for (const [route, keys] of Object.entries(docker)) {
    const named = DOCKER_ALONE[route] ?? [];
    const missing = keys.filter((key) => table['1.41']?.[route]?.includes(key) !== true);
    const isWithin = (key: string, whole: string): boolean => key === whole || key.startsWith(`${whole}.`);
    assert.equal(
      missing.filter((key) => !named.some((whole) => isWithin(key, whole))),
      [],
      `GET ${route}`,
    );
    assert.equal(
      named.filter((whole) => !missing.some((key) => isWithin(key, whole))),
      [],
      `GET ${route} has these by now`,
    );
  }
});

test.run();
