import { attemptLimit, type CgroupController, warnOfMissing, rdma } from '@shiplog/driver-kit';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import { cpu } from './cpu.ts';
import { cpuset } from './cpuset.ts';
import { hierarchies, unifiedHierarchy } from './hierarchies.ts';
import { hugetlb } from './hugetlb.ts';
import { io } from './io.ts';
import { memory } from './memory.ts';
import { pids } from './pids.ts';
import { sample } from './stats.ts';

const test = suite('cgroup-v1: controllers');

type Files = { readonly [file: string]: string };

/** Sets limits in a directory that has `files`, and answers the warnings and the files. */
async function set(
  controller: CgroupController,
  files: Files,
  limits: ResourceLimits,
): Promise<{ unset: readonly string[]; files: Files }> {
  await using directory = await temporaryDirectory();
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory.path, file), text);
  const unset = await controller.setLimits(directory.path, limits);
  const after = await Promise.all(
    Object.keys(files).map(async (file) => [file, await readFile(join(directory.path, file), 'utf8')] as const),
  );
  return { unset, files: Object.fromEntries(after) };
}

const CPU = { 'cpu.shares': '1024', 'cpu.cfs_period_us': '100000', 'cpu.cfs_quota_us': '-1' };
const WHY = 'no version 1 hierarchy has the memory controller';

test('given cpu limits, when they are set, then each is in its file', async () => {
  const done = await set(cpu, CPU, { cpuShares: 512, cpuPeriodUs: 50_000, cpuQuotaUs: 25_000 });
  assert.equal(done, { unset: [], files: { 'cpu.shares': '512', 'cpu.cfs_period_us': '50000', 'cpu.cfs_quota_us': '25000' } });
});
test('given absent and zero cpu limits, when they are set, then nothing is written', async () => {
  assert.equal(await set(cpu, CPU, {}), { unset: [], files: CPU });
  assert.equal(await set(cpu, CPU, { cpuShares: 0, cpuPeriodUs: 0, cpuQuotaUs: 0 }), { unset: [], files: CPU });
});
test('given a kernel without quota, when one is asked for, then a warning says so and the rest is set', async () => {
  const done = await set(cpu, { 'cpu.shares': '1024' }, { cpuShares: 512, cpuQuotaUs: 25_000 });
  assert.equal(done, { unset: ['cpu quota: this kernel does not have it'], files: { 'cpu.shares': '512' } });
});

const MEMORY = {
  'memory.limit_in_bytes': '9223372036854771712',
  'memory.soft_limit_in_bytes': '9223372036854771712',
  'memory.swappiness': '60',
  'memory.oom_control': '0',
};
test('given memory limits, when they are set, then each is in its file', async () => {
  const files = { ...MEMORY, 'memory.memsw.limit_in_bytes': '9223372036854771712' };
  const done = await set(memory, files, {
    memoryBytes: 1000,
    memorySwapBytes: 2000,
    memoryReservationBytes: 500,
    memorySwappiness: 0,
    oomKillDisable: true,
  });
  assert.equal(done.unset, []);
  assert.equal(done.files, {
    'memory.limit_in_bytes': '1000',
    'memory.memsw.limit_in_bytes': '2000',
    'memory.soft_limit_in_bytes': '500',
    'memory.swappiness': '0',
    'memory.oom_control': '1',
  });
});
test('given more memory than the limit with swap, when swap is not asked for, then it is left alone', async () => {
  const done = await set(memory, { ...MEMORY, 'memory.memsw.limit_in_bytes': '500' }, { memoryBytes: 1000, memorySwapBytes: 0 });
  assert.is(done.files['memory.memsw.limit_in_bytes'], '500');
});
test('given a kernel that does not account for swap, when swap is limited, then a warning says so', async () => {
  const done = await set(memory, MEMORY, { memoryBytes: 1000, memorySwapBytes: 2000 });
  assert.equal(done.unset, ['memory swap: this kernel does not account for swap']);
  assert.is(done.files['memory.limit_in_bytes'], '1000');
});

test('given pids limits, when they are set, then none is max', async () => {
  const files = { 'pids.max': '3' };
  assert.equal(await set(pids, files, { pids: 17 }), { unset: [], files: { 'pids.max': '17' } });
  assert.equal(await set(pids, files, { pids: -1 }), { unset: [], files: { 'pids.max': 'max' } });
  assert.equal(await set(pids, files, { pids: 0 }), { unset: [], files: { 'pids.max': 'max' } });
  assert.equal(await set(pids, files, {}), { unset: [], files });
});

test('given a weight, when it is set, then it is in the file the scheduler has', async () => {
  assert.equal((await set(io, { 'blkio.weight': '500' }, { ioWeight: 100 })).files, { 'blkio.weight': '100' });
  assert.equal((await set(io, { 'blkio.bfq.weight': '100' }, { ioWeight: 200 })).files, { 'blkio.bfq.weight': '200' });
  assert.equal((await set(io, {}, { ioWeight: 200 })).unset, ['blkio weight: this kernel does not have it']);
});
test('given what is no block device, when it is throttled, then SPEC_INVALID is told', async () => {
  const error = await set(io, {}, { io: [{ device: '/dev/null', readBps: 5 }] }).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'SPEC_INVALID');
});

test('given new groups, when a cpuset is set, then they have what is above them, and then what is asked for', async () => {
  await using directory = await temporaryDirectory();
  const [parent, group] = [join(directory.path, 'shiplog'), join(directory.path, 'shiplog', 'id')];
  await mkdir(group, { recursive: true });
  for (const at of [directory.path, parent, group])
    for (const file of ['cpuset.cpus', 'cpuset.mems']) await writeFile(join(at, file), at === directory.path ? '0-3\n' : '\n');
  assert.equal(await cpuset.setLimits(group, { cpusetCpus: '1' }), []);
  assert.is(await readFile(join(parent, 'cpuset.cpus'), 'utf8'), '0-3');
  assert.is(await readFile(join(group, 'cpuset.cpus'), 'utf8'), '1');
  assert.is(await readFile(join(group, 'cpuset.mems'), 'utf8'), '0-3');
});

test('given a host without a controller, when limits are asked for, then each real one is a warning', () => {
  assert.equal(warnOfMissing(memory, { memoryBytes: 5, memorySwappiness: -1, memorySwapBytes: 0, pids: 3 }, WHY), [
    'memoryBytes: no version 1 hierarchy has the memory controller',
  ]);
  assert.equal(warnOfMissing(io, { io: [] }, WHY), []);
});
test('given what the kernel answers, when a setting is tried, then invalid is SPEC_INVALID, refused a warning, and a fault of ours is thrown', async () => {
  const refuse = (errno: string) => async (): Promise<void> => {
    throw new ShiplogError('KERNEL_CALL_FAILED', `x does not take 5: ${errno}`, { errno, value: 5 });
  };
  const error = await attemptLimit('pids', refuse('EINVAL')).catch((reason: unknown) => reason);
  assert.ok(error instanceof ShiplogError && error.code === 'SPEC_INVALID');
  assert.equal(await attemptLimit('pids', refuse('EBUSY')), ['pids: x does not take 5: EBUSY']);
  const fault = await attemptLimit('pids', () => Promise.reject(new TypeError('ours'))).catch((reason: unknown) => reason);
  assert.instance(fault, TypeError);
});

test('given mountinfo, when hierarchies are looked for, then each controller has its first whole mount', async () => {
  await using directory = await temporaryDirectory();
  const mountinfo = join(directory.path, 'mountinfo');
  await writeFile(
    mountinfo,
    [
      '30 23 0:27 /part /bound rw - cgroup cgroup rw,pids',
      '31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755',
      '32 31 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:5 - cgroup cgroup rw,cpu,cpuacct',
      '33 31 0:30 / /with\\040blank rw - cgroup cgroup rw,xattr,name=systemd',
      '34 31 0:31 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids',
      '35 31 0:31 / /again rw - cgroup cgroup rw,pids',
      '36 31 0:32 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw',
      '',
    ].join('\n'),
  );
  assert.equal(
    [...(await hierarchies(mountinfo))],
    [
      ['cpu', '/sys/fs/cgroup/cpu,cpuacct'],
      ['cpuacct', '/sys/fs/cgroup/cpu,cpuacct'],
      ['systemd', '/with blank'],
      ['pids', '/sys/fs/cgroup/pids'],
    ],
  );
  assert.is(await unifiedHierarchy(mountinfo), '/sys/fs/cgroup/unified');
});

test('given limits of huge pages and RDMA, when they are set, then each is in its file, and what is no size is refused', async () => {
  const files = { 'hugetlb.2MB.limit_in_bytes': '0', 'hugetlb.2MB.rsvd.limit_in_bytes': '0' };
  const done = await set(hugetlb, files, {
    hugetlb: [
      { pageSize: '2MB', bytes: 4096 },
      { pageSize: '1GB', bytes: 0 },
    ],
  });
  assert.equal(done, {
    unset: ['huge pages of 1GB: this kernel does not have it'],
    files: { 'hugetlb.2MB.limit_in_bytes': '4096', 'hugetlb.2MB.rsvd.limit_in_bytes': '4096' },
  });
  const refused = await set(hugetlb, files, { hugetlb: [{ pageSize: '../2MB', bytes: 1 }] }).catch((error: unknown) => error);
  assert.ok(refused instanceof ShiplogError && refused.code === 'SPEC_INVALID');
  const devices = await set(rdma, { 'rdma.max': '' }, { rdma: [{ device: 'mlx0', handles: 2, objects: 30 }, { device: 'mlx1' }] });
  assert.equal(devices, { unset: [], files: { 'rdma.max': 'mlx0 hca_handle=2 hca_object=30' } });
});

test('given the files of a group, when a sample is taken, then it is in the words of the contract', async () => {
  await using directory = await temporaryDirectory();
  const files: Files = {
    'pids.current': '2\n',
    'pids.max': 'max\n',
    'cpuacct.usage': '300\n',
    'cpuacct.usage_percpu': '180 120 \n',
    'cpuacct.usage_user': '200\n',
    'cpuacct.usage_sys': '100\n',
    'cpu.stat': 'nr_periods 5\nnr_throttled 2\nthrottled_time 70\n',
    'memory.usage_in_bytes': '4096\n',
    'memory.max_usage_in_bytes': '8192\n',
    'memory.limit_in_bytes': '9223372036854771712\n',
    'memory.stat': 'cache 1\ntotal_inactive_file 1024\n',
    'memory.failcnt': '5\n',
    'memory.memsw.failcnt': '2\n',
    'memory.oom_control': 'oom_kill_disable 0\nunder_oom 0\noom_kill 3\n',
    'blkio.throttle.io_service_bytes_recursive': '8:0 Read 10\n8:0 Write 20\n8:0 Total 30\nTotal 30\n',
    'blkio.throttle.io_serviced_recursive': '8:0 Read 1\n8:0 Write 2\n8:0 Total 3\nTotal 3\n',
  };
  for (const [file, text] of Object.entries(files)) await writeFile(join(directory.path, file), text);
  assert.equal(await sample(() => directory.path), {
    pids: { current: 2, limit: 0 },
    cpu: { usageNs: 300, userNs: 200, systemNs: 100, perCpuNs: [180, 120], periods: 5, throttledPeriods: 2, throttledNs: 70 },
    memory: {
      usageBytes: 4096,
      maxUsageBytes: 8192,
      limitBytes: 0,
      inactiveFileBytes: 1024,
      oomKills: 3,
      limitHits: 7,
      detail: { cache: 1, total_inactive_file: 1024 },
    },
    io: [{ major: 8, minor: 0, readBytes: 10, writeBytes: 20, reads: 1, writes: 2 }],
  });
  const { cpu, memory } = await sample(() => undefined);
  assert.equal([cpu.perCpuNs, memory.usageBytes], [undefined, 0]);
});

test.run();
