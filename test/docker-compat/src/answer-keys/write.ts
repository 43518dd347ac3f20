import { readFile, writeFile } from 'node:fs/promises';
import { engineKeys, type Table } from './engine-keys.ts';
import { TABLE } from './table.ts';

// Makes the table anew, but for what other engines answered: `node test/docker-compat/dist/answer-keys/write.js`.
const before = JSON.parse(await readFile(TABLE, 'utf8').catch(() => '{}')) as Table;
await writeFile(TABLE, `${JSON.stringify({ ...before, ...(await engineKeys()) }, null, 2)}\n`);
