import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext } from '@shiplog/contracts';
import { fixture, probe } from './fixture.test.util.ts';
import { unifiedHierarchy } from './hierarchies.ts';

const test = suite('cgroup-v1 on a hybrid host');
const answer = await probe();
const unified = answer.usable ? await unifiedHierarchy() : undefined;

if (unified === undefined)
  test('given a host that is not hybrid, when groups of both versions are to be removed, then that is skipped', async () => {
    process.stdout.write(`SKIP ${answer.usable ? 'there is no unified hierarchy beside those of version 1' : answer.reason}\n`);
  });
else
  test('given a group that a runtime made in the unified hierarchy, when the cgroup is removed, then it and its parent are gone; left alone, it is observed', async () => {
    const kit = await fixture();
    const ctx = createContext({ op: 'hybrid', signal: AbortSignal.timeout(30_000) });
    try {
      await kit.driver.create({ id: 'one', limits: {} }, ctx);
      for (const id of ['one', 'other']) await mkdir(join(unified, `shiplog-${kit.engineId}`, id), { recursive: true });
      await kit.driver.remove({ id: 'one' }, ctx);
      assert.equal(await kit.driver.observe(), [{ resource: 'cgroup', id: 'other' }]);
      await kit.driver.remove({ id: 'other' }, ctx);
      assert.equal(await kit.groupsOf(), []);
    } finally {
      await kit.cleanup();
    }
  });
test.run();
