// time limit: 240 s
import { suite } from 'uvu';
import { storageSuite } from '@shiplog/conformance/storage';
import type { StorageDriver } from '@shiplog/contracts';
import { btrfsImage, checksCanFail, replacing, without } from '@shiplog/test-support';
import { btrfsFixture } from './fixture.test.util.ts';

const disk = await btrfsImage();
const test = suite('wrong storage drivers: quotas');

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
      factory: () => btrfsFixture({ below: disk.path, instead: (right) => replacing(right, wrong(right)) }),
    }),
});

test.after(() => disk.cleanup());
test.run();
