import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { readControlTable, writeControl, processesIn, removeGroup } from '@shiplog/driver-kit';
import { createKernel } from '@shiplog/kernel-linux';
import { freeze, thaw } from './freezer.ts';
import { makeGroup } from './group.ts';
import { killEach, killGroup } from './kill.ts';
import { mountPoint } from './mount-point.ts';

/** Groups, freezing and killing need no controller: a hybrid host can prove them too. */
const FORKS = 'read go; for i in 1 2 3 4 5; do (while :; do sleep 0.05; done) & sleep 1000 & done; echo up; wait';

const kernel = createKernel();
const mount = await mountPoint();

/** Runs `body` with a group in which shells fork all the time, and takes all away. */
async function withForks(mounted: string, body: (group: string) => Promise<void>): Promise<void> {
  const parent = `shiplog-test-${randomBytes(6).toString('hex')}`;
  const group = join(mounted, parent, 'id');
  const child = spawn('/bin/sh', ['-c', FORKS], { stdio: ['pipe', 'pipe', 'ignore'] });
  try {
    await makeGroup(mounted, parent, 'id');
    await writeControl(join(group, 'cgroup.procs'), child.pid ?? 0);
    child.stdin.write('go\n');
    await once(child.stdout, 'data');
    await body(group);
  } finally {
    child.kill('SIGKILL');
    await killGroup(group, kernel);
    await removeGroup(group);
  }
}

async function frozen(group: string): Promise<number | undefined> {
  return (await readControlTable(join(group, 'cgroup.events')))['frozen'];
}

const test = suite('cgroup-v2: kill');
if (mount === undefined) {
  test('given a host without a unified hierarchy, when its driver is to be proved, then that is skipped', async () => {
    process.stdout.write('SKIP no unified hierarchy (cgroup2) is mounted\n');
  });
} else {
  test('given processes that fork, when they are frozen and thawed, then the kernel says so', () =>
    withForks(mount, async (group) => {
      await freeze(group);
      await freeze(group);
      assert.is(await frozen(group), 1);
      const before = await processesIn(group);
      await sleep(200);
      assert.equal(await processesIn(group), before);
      await thaw(group);
    }));
  test('given processes that fork, some in a group below, when the group is killed, then none is left, frozen or not', () =>
    withForks(mount, async (group) => {
      // Without controllers: where there are some, a group that has processes takes none below it but threads.
      await mkdir(join(group, 'made', 'inside'), { recursive: true });
      const [first] = await processesIn(group);
      await writeControl(join(group, 'made', 'inside', 'cgroup.procs'), first ?? 0);
      await freeze(group);
      await Promise.all([killGroup(group, kernel), killGroup(group, kernel)]);
      assert.equal(await processesIn(group), []);
      await sleep(50);
      assert.is(await frozen(group), 0);
    }));
  test('given processes that fork, when each is killed as on an old kernel, then none is left', () =>
    withForks(mount, async (group) => {
      for (let round = 0; (await processesIn(group)).length > 0 && round < 100; round += 1) {
        await killEach(group, kernel);
        await sleep(10);
      }
      assert.equal(await processesIn(group), []);
    }));
}
test.run();
