import { chmod, mkdir, readdir, readFile, rename, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLevelLog } from '@shiplog/event-log';
import { syntheticLog } from '@shiplog/model/testing';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { fold } from '../fold.ts';
import { readSource } from '../source.ts';
import { copyLog } from './copy-log.ts';

const test = suite('a copy of a log');

test('given a log that nobody may write, when copied, then the copy can be written, and has the same files', async () => {
  await using temporary = await temporaryDirectory();
  const [log, copy] = [join(temporary.path, 'log'), join(temporary.path, 'copy')];
  await mkdir(join(log, 'db'), { recursive: true });
  await writeFile(join(log, 'db/CURRENT'), 'MANIFEST-000001\n', { mode: 0o400 });
  await writeFile(join(log, 'witness'), 'mark', { mode: 0o400 });
  await chmod(join(log, 'db'), 0o500);
  await copyLog(log, copy);
  const modes = ['', 'db', 'db/CURRENT', 'witness'].map(async (name) => (await stat(join(copy, name))).mode & 0o777);
  assert.equal(await Promise.all(modes), [0o700, 0o700, 0o600, 0o600]);
  assert.is(await readFile(join(copy, 'witness'), 'utf8'), 'mark');
  await chmod(join(log, 'db'), 0o700);
});

test('given a log whose archives lie elsewhere behind a link, and links in circles, when folded, then as before, and nothing of it changes', async () => {
  await using temporary = await temporaryDirectory();
  const [directory, elsewhere] = [join(temporary.path, 'log'), join(temporary.path, 'elsewhere')];
  const log = await openLevelLog({ directory, boot: 'boot-1', inst: 'inst-1' });
  for (const { request } of syntheticLog(3000, { containers: 30 })) log.append(request);
  await log.flushed();
  for await (const _ of log.seal(2000));
  const { hash } = await fold(log.read());
  await log.close();
  await rename(join(directory, 'archive'), elsewhere);
  await symlink(elsewhere, join(directory, 'archive'));
  await symlink('.', join(directory, 'db/itself'));
  await symlink('circle', join(directory, 'db/circle'));
  // A log that opens removes what no record names.
  await writeFile(join(elsewhere, 'stray'), '');
  const names = await readdir(elsewhere);
  assert.is((await fold(readSource(directory))).hash, hash);
  assert.equal(await readdir(elsewhere), names);
});

test.run();
