// time limit: 240 s
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import { createContext, type StorageDriver } from '@shiplog/contracts';
import { type DriverServices, instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { btrfsImage, reported } from '@shiplog/test-support';
import plugin from './index.ts';

const kernel = createKernel();
const ctx = createContext({ op: 'cleanup', signal: new AbortController().signal });
const disk = await btrfsImage();

function construct(services: DriverServices): StorageDriver {
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');
  return instantiate(definition, services).driver as StorageDriver;
}

const test = suite('storage-btrfs: conformance');
storageSuite({
  test: reported(test, 'storage/btrfs', 'storage'),
  quotas: true,
  async factory() {
    const home = await mkdtemp(join(disk.path, 'home-'));
    const [stateDir, runDir, scratch] = [join(home, 'state'), join(home, 'run'), join(home, 'scratch')];
    for (const directory of [stateDir, runDir, scratch]) await mkdir(directory);
    const services = createTestServices({ kernel, stateDir, runDir });
    return {
      driver: construct(services),
      kernel,
      scratch,
      stateDir,
      restart: async () => construct(services),
      async cleanup() {
        // Layers are read-only: only the driver can delete them.
        const last = construct(services);
        for (const { resource, id } of await last.observe()) if (resource === 'snapshot') await last.remove({ key: id }, ctx);
        await rm(home, { recursive: true, force: true });
      },
    };
  },
});
test.after(() => disk.cleanup());
test.run();
