import { join } from 'node:path';
import { driverFixture, type DriverFixtureOptions, type StorageFixture } from '@shiplog/conformance/storage';
import { namesIn } from '@shiplog/driver-kit';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const kernel = createKernel();

/** The driver on directories of a btrfs. Layers are read-only, so that deleting the directories takes more than unlink(2). */
export async function btrfsFixture(options: DriverFixtureOptions): Promise<StorageFixture> {
  const fixture = await driverFixture({ plugin, kernel }, 'btrfs', options);
  return {
    ...fixture,
    async cleanup() {
      for (const kind of [join(fixture.stateDir, 'layers'), join(fixture.stateDir, 'active')])
        for (const key of await namesIn(kind)) await kernel.subvolumes.remove(join(kind, key, 'tree'));
      await fixture.cleanup();
    },
  };
}
