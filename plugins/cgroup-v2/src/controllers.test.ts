import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { temporaryDirectory } from '@shiplog/test-support';
import { weightOfShares } from './cpu.ts';
import { weightOfBlkio } from './io.ts';
import { swapAlone } from './memory.ts';
import { setLimits } from './set-limits.ts';

const test = suite('cgroup-v2: controllers');

type Files = { readonly [file: string]: string };

const ALL = { 'cgroup.controllers': 'cpuset cpu io memory hugetlb pids rdma\n' };

/** Sets limits in a group that has `files` and every controller, and answers the warnings and the files that changed. */
async function set(files: Files, limits: ResourceLimits): Promise<{ unset: readonly string[]; changed: Files }> {
  await using directory = await temporaryDirectory();
  const before: Files = { ...ALL, ...files };
  for (const [file, text] of Object.entries(before)) await writeFile(join(directory.path, file), text);
  const unset = await setLimits(directory.path, limits);
  const after = await Promise.all(
    Object.keys(before).map(async (file) => [file, await readFile(join(directory.path, file), 'utf8')] as const),
  );
  return { unset, changed: Object.fromEntries(after.filter(([file, text]) => text !== before[file])) };
}

async function refusal(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ShiplogError ? error.code : `no ShiplogError: ${String(error)}`;
}

test('given shares, when they become a weight, then the ends and the middle are the ends and near the middle', () => {
  assert.equal([2, 1024, 262_144].map(weightOfShares), [1, 39, 10_000]);
  assert.equal([1, 999_999].map(weightOfShares), [1, 10_000]);
});
test('given a blkio weight, when it becomes an io weight, then the ends are the ends', () => {
  assert.equal([10, 500, 1000].map(weightOfBlkio), [1, 4950, 10_000]);
});
test('given memory and swap together, when swap alone is asked for, then it is the difference', () => {
  assert.is(swapAlone(3000, 1000), 2000);
  assert.is(swapAlone(1000, 1000), 0);
  assert.is(swapAlone(-1, 0), 'max');
  assert.throws(() => swapAlone(500, 1000), /may not be less/);
  assert.throws(() => swapAlone(500, 0), /needs a limit of memory/);
});

test('given cpu limits, when they are set, then weight and max have them', async () => {
  const files = { 'cpu.weight': '100\n', 'cpu.max': 'max 100000\n' };
  assert.equal(await set(files, { cpuShares: 1024, cpuQuotaUs: 50_000, cpuPeriodUs: 200_000 }), {
    unset: [],
    changed: { 'cpu.weight': '39', 'cpu.max': '50000 200000' },
  });
});
test('given a quota and a period, when one is changed, then the other stays', async () => {
  assert.equal((await set({ 'cpu.max': '50000 200000\n' }, { cpuQuotaUs: 30_000 })).changed, { 'cpu.max': '30000 200000' });
  assert.equal((await set({ 'cpu.max': '50000 200000\n' }, { cpuPeriodUs: 100_000 })).changed, { 'cpu.max': '50000 100000' });
  assert.equal((await set({ 'cpu.max': '50000 200000\n' }, { cpuQuotaUs: -1 })).changed, { 'cpu.max': 'max 200000' });
});
test('given absent and zero limits, when they are set, then nothing is written', async () => {
  const files = {
    'cpu.weight': '100\n',
    'cpu.max': 'max 100000\n',
    'memory.max': 'max\n',
    'memory.swap.max': 'max\n',
    'pids.max': 'max\n',
    'io.weight': 'default 100\n',
    'cpuset.cpus': '\n',
  };
  assert.equal(await set(files, {}), { unset: [], changed: {} });
  const zeros = {
    cpuShares: 0,
    cpuQuotaUs: 0,
    cpuPeriodUs: 0,
    memoryBytes: 0,
    memorySwapBytes: 0,
    ioWeight: 0,
    cpusetCpus: '',
    memorySwappiness: -1,
    oomKillDisable: false,
  };
  assert.equal(await set(files, zeros), { unset: [], changed: {} });
});

const MEMORY = { 'memory.max': 'max\n', 'memory.swap.max': 'max\n', 'memory.low': '0\n' };
test('given memory limits, when they are set, then max, swap alone and low have them', async () => {
  assert.equal(await set(MEMORY, { memoryBytes: 1000, memorySwapBytes: 3000, memoryReservationBytes: 500 }), {
    unset: [],
    changed: { 'memory.max': '1000', 'memory.swap.max': '2000', 'memory.low': '500' },
  });
  assert.equal((await set({ ...MEMORY, 'memory.swap.max': '5\n' }, { memoryBytes: 1000, memorySwapBytes: -1 })).changed, {
    'memory.max': '1000',
    'memory.swap.max': 'max',
  });
});
test('given a limit of memory, when only swap is changed, then it is counted from that limit', async () => {
  assert.equal((await set({ ...MEMORY, 'memory.max': '1000\n' }, { memorySwapBytes: 1500 })).changed, { 'memory.swap.max': '500' });
  assert.is(await refusal(set(MEMORY, { memorySwapBytes: 1500 })), 'SPEC_INVALID');
});
test('given limits the unified hierarchy does not have, when they are asked for, then each is a warning', async () => {
  const { unset } = await set(MEMORY, { memoryBytes: 5, memorySwapBytes: 5, memorySwappiness: 0, oomKillDisable: true });
  assert.equal(unset, [
    'memory swappiness: the unified hierarchy does not have it',
    'oom kill disable: the unified hierarchy does not have it',
  ]);
});
test('given a kernel without swap accounting, when swap is limited, then a warning says so', async () => {
  assert.equal((await set({ 'memory.max': 'max\n' }, { memoryBytes: 5, memorySwapBytes: 5 })).unset, [
    'memory swap: this kernel does not have it',
  ]);
});

test('given other limits, when they are set, then each is in its file', async () => {
  const files = { 'pids.max': 'max\n', 'cpuset.cpus': '\n', 'cpuset.mems': '\n', 'io.weight': 'default 100\n' };
  assert.equal(await set(files, { pids: 5, cpusetCpus: '0-1', cpusetMems: '0', ioWeight: 1000 }), {
    unset: [],
    changed: { 'pids.max': '5', 'cpuset.cpus': '0-1', 'cpuset.mems': '0', 'io.weight': 'default 10000' },
  });
  assert.equal((await set({ 'pids.max': '5\n' }, { pids: -1 })).changed, { 'pids.max': 'max' });
  assert.equal((await set({ 'io.bfq.weight': 'default 100\n' }, { ioWeight: 500 })).changed, { 'io.bfq.weight': 'default 500' });
});
test('given limits of huge pages and RDMA, when they are set, then each is in its file, and what is no size is refused', async () => {
  const files = { 'hugetlb.2MB.max': 'max\n', 'rdma.max': '\n' };
  const limits = { hugetlb: [{ pageSize: '2MB', bytes: 4096 }], rdma: [{ device: 'mlx0', handles: 2, objects: 30 }] };
  assert.equal(await set(files, limits), {
    unset: [],
    changed: { 'hugetlb.2MB.max': '4096', 'rdma.max': 'mlx0 hca_handle=2 hca_object=30' },
  });
  assert.equal((await set(files, { hugetlb: [{ pageSize: '1GB', bytes: 1 }] })).unset, ['huge pages of 1GB: this kernel does not have it']);
  assert.is(await refusal(set(files, { hugetlb: [{ pageSize: '2MB/../x', bytes: 1 }] })), 'SPEC_INVALID');
});
test('given what is no block device, when it is throttled, then SPEC_INVALID is told', async () => {
  assert.is(await refusal(set({ 'io.max': '\n' }, { io: [{ device: '/dev/null', readBps: 5 }] })), 'SPEC_INVALID');
});
test('given a group without controllers, when limits are asked for, then each real one is a warning and nothing is written', async () => {
  const files = { 'cgroup.controllers': 'hugetlb\n', 'pids.max': 'max\n' };
  assert.equal(await set(files, { pids: 5, memoryBytes: 5, memorySwappiness: -1, cpuShares: 0 }), {
    unset: ['memoryBytes: the unified hierarchy has no memory controller here', 'pids: the unified hierarchy has no pids controller here'],
    changed: {},
  });
});

test.run();
