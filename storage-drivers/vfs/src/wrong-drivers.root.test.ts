// time limit: 600 s
import { dirname } from 'node:path';
import { suite } from 'uvu';
import { wrongCrashes } from '@shiplog/conformance/crash/wrong';
import { driverFixture, type StorageFixture, storageSuite } from '@shiplog/conformance/storage';
import type { StorageDriver } from '@shiplog/contracts';
import { checksCanFail, replacing } from '@shiplog/test-support';
import plugin from './index.ts';
import { CHANGES } from './wrong/changes.test.util.ts';
import { CONCURRENCY } from './wrong/concurrency.test.util.ts';
import { HOSTILE } from './wrong/hostile.test.util.ts';
import { LAYERS } from './wrong/layers.test.util.ts';
import { LIFE_CYCLE } from './wrong/life-cycle.test.util.ts';
import { kernel, type Wrong } from './wrong/wrong.test.util.ts';

const test = suite('wrong storage drivers');

const CRASHES = wrongCrashes('storage', ['applyLayer', 'applyLayer', 'prepare', 'mount', 'unmount', 'remove', 'remove', 'remove'], 'mount');
const dying = Object.fromEntries(
  Object.entries(CRASHES).map(([check, { does, make }]): [string, { does: string; make: Wrong }] => [
    check,
    { does, make: (right, { stateDir, memory }) => make(right, { directory: stateDir, memory }) },
  ]),
);

checksCanFail<Wrong>({
  test,
  of: 'storage',
  wrong: { ...LIFE_CYCLE, ...CHANGES, ...LAYERS, ...HOSTILE, ...CONCURRENCY, ...dying },
  kit: (check, wrong) => storageSuite({ test: check, factory: () => wrongFixture(wrong) }),
});

async function wrongFixture(wrong: Wrong): Promise<StorageFixture> {
  const memory = new Map();
  const instead = (right: StorageDriver, stateDir: string) => replacing(right, wrong(right, { stateDir, memory }));
  const fixture = await driverFixture({ plugin, kernel }, 'vfs', { instead });
  const home = dirname(fixture.stateDir);
  return {
    ...fixture,
    async cleanup() {
      // A wrong driver may leave mounts, and bind mounts of the tree are below the scratch directory.
      for (const { target } of (await kernel.mounts.list()).toReversed())
        if (target.startsWith(`${home}/`)) await kernel.mounts.unmount(target);
      await fixture.cleanup();
    },
  };
}

test.after(async () => kernel[Symbol.asyncDispose]());
test.run();
