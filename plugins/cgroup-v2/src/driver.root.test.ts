// time limit: 240 s
import { suite } from 'uvu';
import { cgroupFixture, cgroupSuite } from '@shiplog/conformance/cgroup';
import type { CgroupDriver } from '@shiplog/contracts';
import { instantiate } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported } from '@shiplog/test-support';
import plugin from './index.ts';
import { probe } from './probe.ts';

const kernel = createKernel();
const [definition] = plugin.drivers;
const answer = await probe();
if (definition === undefined) throw new Error('the plugin defines no driver');

const test = suite('cgroup-v2: conformance');
if (answer.usable) {
  cgroupSuite({
    test: reported(test, 'cgroup/v2', 'cgroup'),
    async factory() {
      const services = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
      const made: { dispose(): Promise<void> }[] = [];
      return cgroupFixture({
        engineId: services.home.engineId,
        kernel,
        capabilities: definition.manifest.capabilities,
        async make() {
          const scoped = instantiate(definition, services);
          made.push(scoped);
          return scoped.driver as CgroupDriver;
        },
        async cleanup() {
          for (const scoped of made) await scoped.dispose();
        },
      });
    },
  });
} else {
  test('given a host without a usable unified hierarchy, when its driver is to be proved, then that is skipped', async () => {
    process.stdout.write(`SKIP ${answer.reason}\n`);
    report({ driver: 'cgroup/v2', suite: 'cgroup', skipped: answer.reason });
  });
}
test.run();
