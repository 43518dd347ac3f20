import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CgroupFixture, ReadableLimit } from '@shiplog/conformance/cgroup';
import type { CgroupDriver, Probe } from '@shiplog/contracts';
import { errnoOf, instantiate, readControl } from '@shiplog/driver-kit';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { hierarchies } from './hierarchies.ts';
import plugin from './index.ts';

const FILES: { readonly [what in ReadableLimit]: readonly [controller: string, file: string] } = {
  memoryBytes: ['memory', 'memory.limit_in_bytes'],
  memoryReservationBytes: ['memory', 'memory.soft_limit_in_bytes'],
  cpuQuotaUs: ['cpu', 'cpu.cfs_quota_us'],
  cpuPeriodUs: ['cpu', 'cpu.cfs_period_us'],
  cpusetCpus: ['cpuset', 'cpuset.cpus'],
  pids: ['pids', 'pids.max'],
  hugetlb: ['hugetlb', 'hugetlb.2MB.limit_in_bytes'],
  ioWeight: ['blkio', 'blkio.bfq.weight'],
  readBps: ['blkio', 'blkio.throttle.read_bps_device'],
};

const kernel = createKernel();
const [found] = plugin.drivers;
if (found === undefined) throw new Error('the plugin defines no driver');
const definition = found;

const services = () => createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });

function absent(error: unknown): string {
  if (errnoOf(error) !== 'ENOENT') throw error;
  return '';
}

/** Whether the driver can run here, and why not. */
export async function probe(): Promise<Probe> {
  return (await definition.probe?.(services())) ?? { usable: true };
}

/** A driver of an engine of its own. */
export async function fixture(): Promise<CgroupFixture> {
  const mounts = await hierarchies();
  const own = services();
  const parent = `shiplog-${own.home.engineId}`;
  const { driver, dispose } = instantiate(definition, own);
  const file = (controller: string, id: string, name: string): string => join(mounts.get(controller) ?? '', parent, id, name);
  return {
    driver: driver as CgroupDriver,
    kernel,
    parent,
    restart: async () => instantiate(definition, own).driver as CgroupDriver,
    capabilities: definition.manifest.capabilities,
    async readLimit(id, what) {
      const [controller, name] = FILES[what];
      const text = await readControl(file(controller, id, name));
      return text === '-1' ? 'max' : text;
    },
    isFrozen: async (id) => !['', 'THAWED'].includes(await readControl(file('freezer', id, 'freezer.state')).catch(absent)),
    thaw: (id) => writeFile(file('freezer', id, 'freezer.state'), 'THAWED'),
    async groupsOf(id) {
      const groups: string[] = [];
      for (const mount of new Set(mounts.values())) {
        if (!(await readdir(mount)).includes(parent)) continue;
        const names = await readdir(join(mount, parent), { withFileTypes: true });
        if (id === undefined) groups.push(join(mount, parent));
        else if (names.some((entry) => entry.name === id)) groups.push(join(mount, parent, id));
      }
      return groups;
    },
    cleanup: dispose,
  };
}
