import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { temporaryDirectory } from '@shiplog/test-support';
import { Layout } from './layout.ts';
import { OomNotices } from './oom-notices.ts';

const test = suite('conmon: OOM notices');

// A watch keeps no process alive.
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

/** As the monitor leaves it. */
async function leave(layout: Layout, id: string): Promise<void> {
  await writeFile(join(layout.bundle(id), 'oom'), '');
}

test('given notices before and after somebody listens, when they are left, then each container is told, and its notice is gone', async () => {
  await using directory = await temporaryDirectory();
  const layout = new Layout(directory.path);
  for (const id of ['old', 'new', 'quiet']) await mkdir(layout.bundle(id), { recursive: true });
  await leave(layout, 'old');
  const notices = new OomNotices(layout);
  notices.watch('old');
  assert.ok(existsSync(join(layout.bundle('old'), 'oom')), 'nobody was told');
  const stop = new AbortController();
  const told = notices.follow(stop.signal);
  assert.equal((await told.next()).value, { id: 'old' });
  for (const _ of [1, 2]) {
    await leave(layout, 'new');
    assert.equal((await told.next()).value, { id: 'new' });
    assert.not.ok(existsSync(join(layout.bundle('new'), 'oom')));
  }
  stop.abort();
  assert.is((await told.next()).done, true);
});
test('given a container that is forgotten, or gone, when a notice is left, then nobody is told', async () => {
  await using directory = await temporaryDirectory();
  const layout = new Layout(directory.path);
  for (const id of ['forgotten', 'watched']) await mkdir(layout.bundle(id), { recursive: true });
  const notices = new OomNotices(layout);
  notices.watch('nobody');
  const stop = new AbortController();
  const told = notices.follow(stop.signal);
  const first = told.next();
  // Following has begun when this one is told.
  await leave(layout, 'watched');
  assert.equal((await first).value, { id: 'watched' });
  notices.forget('forgotten');
  await leave(layout, 'forgotten');
  await rm(layout.bundle('forgotten'), { recursive: true });
  await leave(layout, 'watched');
  assert.equal((await told.next()).value, { id: 'watched' });
  stop.abort();
  await told.return(undefined);
});
test.run();
