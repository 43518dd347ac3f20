// time limit: 240 s
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import { createContext, type StorageDriver } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { btrfsImage, checksCanFail, replacing, silentLogger, without } from '@shiplog/test-support';
import { BtrfsDriver } from './btrfs-driver.ts';

const kernel = createKernel();
const disk = await btrfsImage();
const test = suite('wrong storage drivers: quotas');
const ctx = createContext({ op: 'cleanup', signal: new AbortController().signal });

type Wrong = (right: StorageDriver) => Partial<StorageDriver>;

const unlimited: Wrong = (right) => ({ prepare: (args, call) => right.prepare(without(args, 'sizeBytes'), call) });

/** By what the kit checks. */
const WRONG: { readonly [check: string]: { readonly does: string; readonly make: Wrong } } = {
  'given a snapshot of a size, when more is written, then it fails there, what was written before stays, and deleting makes room': {
    does: 'takes no notice of the size',
    make: unlimited,
  },
  "given a layer larger than the size, when a snapshot is made on it, then the layer's bytes do not count": {
    does: 'leaves no room beside the layer',
    make: (right) => ({ prepare: ({ sizeBytes, ...args }, call) => right.prepare({ ...args, ...(sizeBytes && { sizeBytes: 1 }) }, call) }),
  },
  'given a snapshot of a size, when another on the same layer has none, then that one may write more': {
    does: 'holds all to one size',
    make: (right) => ({ prepare: (args, call) => right.prepare({ ...args, sizeBytes: 1024 * 1024 }, call) }),
  },
  'given a snapshot of a size, when the driver is restarted, then the size holds': { does: 'takes no notice of the size', make: unlimited },
};

checksCanFail<Wrong>({
  test,
  of: 'storage',
  wrong: WRONG,
  kit: (check, wrong) =>
    storageSuite({
      // The others have their wrong drivers beside vfs.
      test: (name, body) => (name in WRONG || / of a size/.test(name) ? check(name, body) : undefined),
      quotas: true,
      async factory() {
        const home = await mkdtemp(join(disk.path, 'home-'));
        const [stateDir, runDir, scratch] = [join(home, 'state'), join(home, 'run'), join(home, 'scratch')];
        for (const directory of [stateDir, runDir, scratch]) await mkdir(directory);
        const right = new BtrfsDriver(kernel, createTestServices({ kernel, stateDir, runDir }).home, silentLogger);
        return {
          driver: replacing(right, wrong(right)),
          kernel,
          scratch,
          stateDir,
          restart: async () => replacing(right, wrong(right)),
          async cleanup() {
            for (const { resource, id } of await right.observe()) if (resource === 'snapshot') await right.remove({ key: id }, ctx);
            await rm(home, { recursive: true, force: true });
          },
        };
      },
    }),
});

test.after(() => disk.cleanup());
test.run();
