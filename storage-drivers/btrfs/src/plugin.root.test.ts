import { mkdir, mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { pluginSuite } from '@shiplog/conformance/plugin';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { btrfsImage } from '@shiplog/test-support';
import plugin from './index.ts';

const kernel = createKernel();
const disk = await btrfsImage();
const test = suite('storage-btrfs: plugin');
pluginSuite({
  test,
  plugin,
  module: new URL('./index.js', import.meta.url).href,
  async services() {
    const home = await mkdtemp(join(disk.path, 'plugin-'));
    const [stateDir, runDir] = [join(home, 'state'), join(home, 'run')];
    for (const directory of [stateDir, runDir]) await mkdir(directory);
    return createTestServices({ kernel, stateDir, runDir });
  },
});
test.after(() => disk.cleanup());
test.run();
