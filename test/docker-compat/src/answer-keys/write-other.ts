import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { busyboxArchive, run, temporaryDirectory } from '@shiplog/test-support';
import { collect } from './collect.ts';
import type { Table } from './engine-keys.ts';
import { questions } from './questions.ts';
import { TABLE } from './table.ts';
import { makeWorld } from './world.ts';

// Puts into the table what another engine answers, one that has nothing yet: `node test/docker-compat/dist/answer-keys/write-other.js NAME SOCKET VERSION`.
const [name, socket, version] = process.argv.slice(2);
if (name === undefined || socket === undefined || version === undefined)
  throw new Error('give a name for it, its socket, and a version of its API');
const scratch = await temporaryDirectory('shiplog-keys-');
try {
  const archive = join(scratch.path, 'busybox.tar');
  await busyboxArchive(archive, 'busybox:test');
  const env = { ...process.env, DOCKER_HOST: `unix://${socket}`, DOCKER_API_VERSION: version, DOCKER_CONFIG: scratch.path };
  const world = await makeWorld({ socket, docker: (args) => run('docker', args, { env }) }, archive);
  const before = JSON.parse(await readFile(TABLE, 'utf8')) as Table;
  await writeFile(TABLE, `${JSON.stringify({ ...before, [name]: await collect(socket, version, questions(world)) }, null, 2)}\n`);
} finally {
  await scratch.cleanup();
}
