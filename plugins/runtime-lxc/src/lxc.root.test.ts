// time limit: 1300 s
import { suite } from 'uvu';
import { runtimeFixture, runtimeSuite } from '@shiplog/conformance/runtime';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported, sampled } from '@shiplog/test-support';
import plugin from './index.ts';

const test = suite('runtime-lxc: conformance');
const kernel = createKernel();
const module = new URL('./index.js', import.meta.url).href;

const answer = await plugin.drivers[0]?.probe?.(createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' }));
if (answer?.usable !== false)
  runtimeSuite({
    test: reported(test, 'runtime/lxc', 'runtime'),
    factory: () => runtimeFixture({ plugin, module, name: 'lxc', kernel }),
    every: sampled(6),
  });
else {
  report({ driver: 'runtime/lxc', suite: 'runtime', skipped: answer.reason });
  test('given a host that cannot run the driver, when it is to be proved, then that is skipped', async () => {
    process.stdout.write(`SKIP ${answer.reason}\n`);
  });
}

test.run();
