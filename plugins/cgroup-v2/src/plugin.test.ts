import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import { pluginSuite } from '@shiplog/conformance/plugin';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const kernel = createKernel();
const homes: string[] = [];
const test = suite('cgroup-v2: plugin');
pluginSuite({
  test,
  plugin,
  module: new URL('./index.js', import.meta.url).href,
  async services() {
    const home = await mkdtemp(join(tmpdir(), 'shiplog-cgroup-v2-plugin-'));
    homes.push(home);
    const [stateDir, runDir] = [join(home, 'state'), join(home, 'run')];
    for (const directory of [stateDir, runDir]) await mkdir(directory);
    return createTestServices({ kernel, stateDir, runDir });
  },
});
test.after(async () => {
  for (const home of homes) await rm(home, { recursive: true, force: true });
});
test.run();
