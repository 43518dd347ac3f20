import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { createCopyDriver } from './copy-driver.ts';

const kernel = createKernel();
const test = suite('example storage driver');

storageSuite({
  test,
  async factory() {
    const directory = await mkdtemp(join(tmpdir(), 'shiplog-copy-'));
    const [stateDir, runDir, scratch] = [join(directory, 'state'), join(directory, 'run'), join(directory, 'scratch')];
    for (const path of [stateDir, runDir, scratch]) await mkdir(path);
    const services = createTestServices({ kernel, stateDir, runDir });
    return {
      driver: createCopyDriver(services),
      kernel,
      scratch,
      stateDir,
      restart: async () => createCopyDriver(services),
      cleanup: () => rm(directory, { recursive: true, force: true }),
    };
  },
});

test.run();
