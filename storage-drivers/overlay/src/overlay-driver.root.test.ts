// time limit: 600 s
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import { type DriverServices, instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import type { StorageDriver } from '@shiplog/contracts';
import plugin from './index.ts';

const kernel = createKernel();

function construct(services: DriverServices): StorageDriver {
  const [definition] = plugin.drivers;
  if (definition === undefined) throw new Error('the plugin defines no driver');
  return instantiate(definition, services).driver as StorageDriver;
}

const test = suite('storage-overlay: conformance');
storageSuite({
  test: reported(test, 'storage/overlay', 'storage'),
  async factory() {
    const home = await mkdtemp(join(tmpdir(), 'shiplog-overlay-'));
    const [stateDir, runDir, scratch] = [join(home, 'state'), join(home, 'run'), join(home, 'scratch')];
    for (const directory of [stateDir, runDir, scratch]) await mkdir(directory);
    const services = createTestServices({ kernel, stateDir, runDir });
    return {
      driver: construct(services),
      kernel,
      scratch,
      stateDir,
      restart: async () => construct(services),
      cleanup: async () => rm(home, { recursive: true, force: true }),
    };
  },
});
test.run();
