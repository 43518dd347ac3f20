// time limit: 240 s
import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { cgroupSuite, type ReadableLimit } from '@shiplog/conformance/cgroup';
import type { CgroupDriver } from '@shiplog/contracts';
import { instantiate, namesIn, readControl } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported } from '@shiplog/test-support';
import plugin from './index.ts';
import { mountPoint } from './mount-point.ts';
import { probe } from './probe.ts';

/** The file, and which of its words. */
const FILES: { readonly [what in ReadableLimit]: readonly [file: string, word?: number] } = {
  memoryBytes: ['memory.max', 0],
  memoryReservationBytes: ['memory.low', 0],
  cpuQuotaUs: ['cpu.max', 0],
  cpuPeriodUs: ['cpu.max', 1],
  cpusetCpus: ['cpuset.cpus', 0],
  pids: ['pids.max', 0],
  hugetlb: ['hugetlb.2MB.max', 0],
  ioWeight: ['io.weight', 1],
  readBps: ['io.max'],
};

const kernel = createKernel();
const [definition] = plugin.drivers;
const mount = await mountPoint();
const answer = await probe();
if (definition === undefined) throw new Error('the plugin defines no driver');

const test = suite('cgroup-v2: conformance');
if (mount !== undefined && answer.usable) {
  cgroupSuite({
    test: reported(test, 'cgroup/v2', 'cgroup'),
    async factory() {
      const services = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
      const parent = `shiplog-${services.home.engineId}`;
      const { driver, dispose } = instantiate(definition, services);
      return {
        driver: driver as CgroupDriver,
        kernel,
        parent,
        restart: async () => instantiate(definition, services).driver as CgroupDriver,
        capabilities: definition.manifest.capabilities,
        async readLimit(id, what) {
          const [file, word] = FILES[what];
          const text = await readControl(join(mount, parent, id, file));
          return word === undefined ? text : (text.split(' ')[word] ?? '');
        },
        isFrozen: async (id) =>
          (await namesIn(join(mount, parent, id))).includes('cgroup.freeze') &&
          (await readControl(join(mount, parent, id, 'cgroup.freeze'))) === '1',
        thaw: (id) => writeFile(join(mount, parent, id, 'cgroup.freeze'), '0'),
        async groupsOf(id) {
          if (!(await readdir(mount)).includes(parent)) return [];
          if (id === undefined) return [join(mount, parent)];
          return (await readdir(join(mount, parent))).includes(id) ? [join(mount, parent, id)] : [];
        },
        cleanup: dispose,
      };
    },
  });
} else {
  test('given a host without a usable unified hierarchy, when its driver is to be proved, then that is skipped', async () => {
    const skipped = answer.usable ? 'no unified hierarchy' : answer.reason;
    process.stdout.write(`SKIP ${skipped}\n`);
    report({ driver: 'cgroup/v2', suite: 'cgroup', skipped });
  });
}
test.run();
