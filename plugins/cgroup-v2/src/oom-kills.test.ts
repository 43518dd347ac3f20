import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import { OomKills } from './oom-kills.ts';

const test = suite('cgroup-v2: OOM kills');
// A watch keeps no process alive.
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

test('given groups, when kills are counted before and after somebody listens, then each is told, and other changes are not', async () => {
  await using group = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const events = (directory: string, hits: number, kills: number): Promise<void> =>
    writeFile(join(directory, 'memory.events'), `low 0\nhigh 0\nmax ${hits}\noom ${kills}\noom_kill ${kills}\n`);
  await events(group.path, 1, 2);
  await events(other.path, 1, 0);
  const kills = new OomKills();
  const stop = new AbortController();
  const told = kills.follow(stop.signal);
  const first = told.next();
  kills.watch('group', group.path);
  kills.watch('group', group.path);
  kills.watch('other', other.path);
  kills.watch('none', join(group.path, 'none'));
  assert.equal((await first).value, { id: 'group' });
  await events(group.path, 9, 2);
  await events(other.path, 2, 1);
  assert.equal((await told.next()).value, { id: 'other' });
  kills.forget('other');
  await events(other.path, 2, 5);
  await events(group.path, 9, 3);
  assert.equal((await told.next()).value, { id: 'group' });
  stop.abort();
  assert.is((await told.next()).done, true);
  kills.forget('group');
});
test.run();
