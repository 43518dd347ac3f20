import { cp, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { openLevelLog, repairLevelLog, verifyLevelLog } from '@shiplog/event-log';
import { run, temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { SmallDisk } from './small-disk.ts';

const EVENTS = 600;
const STAMP = { op: 'op', corr: 'corr', t: '1', mono: '1', actor: { scheme: 'system', reason: 'test' } } as const;

const test = suite('a log on a disk that cannot be written');
const disk = await SmallDisk.make(16, 256);
const directory = join(disk.mount, 'log');

test.before(async () => {
  const log = await openLevelLog({ directory, boot: 'b', inst: 'i' });
  for (let kills = 0; kills < EVENTS; kills++)
    log.append({ stamp: STAMP, events: [{ stream: 'container/a', type: 'container.oom', kind: 'observed', data: { id: 'a', kills } }] });
  await log.flushed();
  await log.close();
});
test.after(() => disk.remove());

/** Code and message of what opening the log fails with. LevelDB makes a table of what it had in its write-ahead log. */
async function failure(attempt: () => Promise<unknown>): Promise<readonly [code: string, message: string]> {
  try {
    await attempt();
  } catch (error) {
    if (error instanceof ShiplogError) return [error.code, error.message];
    throw error;
  }
  return ['', ''];
}

const reopen = async (): Promise<void> => (await openLevelLog({ directory, boot: 'b', inst: 'i' })).close();

test('given a full disk, when a log is opened, then that is said, not that its events are lost; with room it opens whole', async () => {
  await disk.fill(0);
  const [code, message] = await failure(reopen);
  assert.is(code, 'DISK_FULL', message);
  await disk.free();
  await reopen();
  assert.equal((await verifyLevelLog(directory)).damage, []);
});

test('given a disk that is read-only, when a log is opened, verified or repaired, then what to do is said, and a copy can be verified', async () => {
  await using writable = await temporaryDirectory();
  assert.is((await run('mount', ['-o', 'remount,ro', disk.mount])).code, 0);
  try {
    const before = await readdir(directory);
    for (const attempt of [
      () => verifyLevelLog(directory),
      () => repairLevelLog(directory, { events: async () => new Map(), boundaryParts: async () => [] }),
    ]) {
      const [code, message] = await failure(attempt);
      assert.is(code, 'HOST_UNSUITABLE');
      assert.match(message, 'copy the log');
    }
    assert.equal(await readdir(directory), before);
    const copy = join(writable.path, 'log');
    await cp(directory, copy, { recursive: true });
    const { events, damage } = await verifyLevelLog(copy);
    assert.equal([events, damage], [EVENTS, []]);
  } finally {
    await run('mount', ['-o', 'remount,rw', disk.mount]);
  }
});

test.run();
