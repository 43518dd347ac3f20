// time limit: 240 s
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import { cgroupSuite, type ReadableLimit } from '@shiplog/conformance/cgroup';
import { instantiate, readControl } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported } from '@shiplog/test-support';
import type { CgroupDriver } from '@shiplog/contracts';
import { hierarchies } from './hierarchies.ts';
import plugin from './index.ts';

const FILES: { readonly [what in ReadableLimit]: readonly [controller: string, file: string] } = {
  memoryBytes: ['memory', 'memory.limit_in_bytes'],
  memoryReservationBytes: ['memory', 'memory.soft_limit_in_bytes'],
  cpuQuotaUs: ['cpu', 'cpu.cfs_quota_us'],
  cpuPeriodUs: ['cpu', 'cpu.cfs_period_us'],
  cpusetCpus: ['cpuset', 'cpuset.cpus'],
  pids: ['pids', 'pids.max'],
};

const kernel = createKernel();
const [definition] = plugin.drivers;
if (definition === undefined) throw new Error('the plugin defines no driver');

const test = suite('cgroup-v1: conformance');
const services = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
const probe = (await definition.probe?.(services)) ?? { usable: true };
if (probe.usable) {
  const mounts = await hierarchies();
  cgroupSuite({
    test: reported(test, 'cgroup/v1', 'cgroup'),
    async factory() {
      const own = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
      const parent = `shiplog-${own.home.engineId}`;
      const { driver, dispose } = instantiate(definition, own);
      return {
        driver: driver as CgroupDriver,
        parent,
        restart: async () => instantiate(definition, own).driver as CgroupDriver,
        capabilities: definition.manifest.capabilities,
        async readLimit(id, what) {
          const [controller, file] = FILES[what];
          const text = await readControl(join(mounts.get(controller) ?? '', parent, id, file));
          return text === '-1' ? 'max' : text;
        },
        async groupsOf(id) {
          const found: string[] = [];
          for (const mount of new Set(mounts.values())) {
            if (!(await readdir(mount)).includes(parent)) continue;
            const names = await readdir(join(mount, parent), { withFileTypes: true });
            if (id === undefined) found.push(join(mount, parent));
            else if (names.some((entry) => entry.name === id)) found.push(join(mount, parent, id));
          }
          return found;
        },
        cleanup: dispose,
      };
    },
  });
} else {
  test('given a host without usable version 1 hierarchies, when its driver is to be proved, then that is skipped', async () => {
    process.stdout.write(`SKIP ${probe.reason}\n`);
    report({ driver: 'cgroup/v1', suite: 'cgroup', skipped: probe.reason });
  });
}
test.run();
