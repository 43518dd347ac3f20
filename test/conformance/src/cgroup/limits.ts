import assert from 'node:assert/strict';
import { readdir, readFile, stat } from 'node:fs/promises';
import { type ResourceLimits, ShiplogError } from '@shiplog/contracts';
import { type AddCheck, type Lab, mutable, type ReadableLimit, rejectsWith, within } from './lab.ts';

const MIB = 2 ** 20;

const INVALID: readonly (readonly [string, ResourceLimits])[] = [
  ['a cpu quota below a millisecond', { cpuQuotaUs: 10 }],
  ['a cpu period above a second', { cpuPeriodUs: 10_000_000 }],
  ['a cpu list that is none', { cpusetCpus: 'x' }],
  ['a memory node that is none', { cpusetMems: 'x' }],
  ['less memory with swap than memory', { memoryBytes: 64 * MIB, memorySwapBytes: 32 * MIB }],
  ['a device that does not exist', { io: [{ device: '/dev/there-is-none', readBps: MIB }] }],
  ['a device without blocks', { io: [{ device: '/dev/null', readBps: MIB }] }],
];

/** Limits reach the kernel, and bite. */
export function limitChecks(check: AddCheck): void {
  check('given limits, when a cgroup is created, then the kernel has them', async (lab) => {
    const limits = {
      memoryBytes: 64 * MIB,
      memoryReservationBytes: 32 * MIB,
      cpuQuotaUs: 50_000,
      cpuPeriodUs: 200_000,
      cpusetCpus: '0',
      pids: 20,
    };
    const id = lab.id();
    const { unsupported } = await lab.driver.create({ id, limits }, lab.ctx());
    assert.deepEqual(unsupported, []);
    for (const [what, value] of Object.entries(limits))
      assert.equal(await lab.fixture.readLimit(id, what as ReadableLimit), String(value), what);
  });
  check('given limits, when some are updated, then those change and the others stay', async (lab) => {
    const id = await lab.create({ memoryBytes: 64 * MIB, cpuQuotaUs: 50_000, cpuPeriodUs: 200_000, pids: 20 });
    for (const round of [1, 2]) {
      assert.deepEqual(
        await lab.driver.update({ id, limits: { cpuQuotaUs: 30_000, pids: 30 } }, lab.ctx()),
        { unsupported: [] },
        `round ${round}`,
      );
      assert.equal(await lab.fixture.readLimit(id, 'cpuQuotaUs'), '30000');
      assert.equal(await lab.fixture.readLimit(id, 'cpuPeriodUs'), '200000');
      assert.equal(await lab.fixture.readLimit(id, 'pids'), '30');
      assert.equal(await lab.fixture.readLimit(id, 'memoryBytes'), String(64 * MIB));
    }
  });
  check('given limits, when memory goes up and down again, then it is as asked', async (lab) => {
    const id = await lab.create({ memoryBytes: 64 * MIB, memorySwapBytes: 64 * MIB });
    for (const memoryBytes of [128 * MIB, 32 * MIB, 48 * MIB]) {
      await lab.driver.update({ id, limits: { memoryBytes, memorySwapBytes: memoryBytes * 2 } }, lab.ctx());
      assert.equal(await lab.fixture.readLimit(id, 'memoryBytes'), String(memoryBytes));
    }
  });
  check('given limits, when they are taken away, then the kernel has none', async (lab) => {
    const id = await lab.create({ pids: 5, cpuQuotaUs: 50_000 });
    await lab.driver.update({ id, limits: { pids: -1, cpuQuotaUs: -1 } }, lab.ctx());
    assert.equal(await lab.fixture.readLimit(id, 'pids'), 'max');
    assert.equal(await lab.fixture.readLimit(id, 'cpuQuotaUs'), 'max');
  });
  for (const [name, limits] of INVALID) {
    check(`given ${name}, when a cgroup is created or updated with it, then SPEC_INVALID is told and it can be removed`, async (lab) => {
      const id = lab.id();
      await rejectsWith(['SPEC_INVALID'], lab.driver.create({ id, limits: mutable(limits) }, lab.ctx()));
      await lab.driver.remove({ id }, lab.ctx());
      assert.deepEqual(await lab.fixture.groupsOf(), []);
      const other = await lab.create({ pids: 9 });
      await rejectsWith(['SPEC_INVALID'], lab.driver.update({ id: other, limits: mutable(limits) }, lab.ctx()));
      assert.equal(await lab.fixture.readLimit(other, 'pids'), '9');
    });
  }
  check('given huge pages, when they are limited, then the kernel has the limit, or a warning says that it has none', async (lab) => {
    const id = lab.id();
    const limits = mutable({ hugetlb: [{ pageSize: '2MB', bytes: 4 * MIB }] });
    const { unsupported } = await lab.driver.create({ id, limits }, lab.ctx());
    const found = await lab.fixture.readLimit(id, 'hugetlb');
    if (found === '') assert.match(unsupported.join(), /hugetlb|huge pages/);
    else assert.deepEqual([found, unsupported], [String(4 * MIB), []]);
    await rejectsOrWarns(lab, { hugetlb: [{ pageSize: '../2MB', bytes: MIB }] });
  });
  check(
    'given an RDMA device that is not there, when it is limited, then that is refused, or a warning says that nothing is',
    async (lab) => {
      await rejectsOrWarns(lab, { rdma: [{ device: 'there_is_none0', handles: 2 }] });
    },
  );
  check(
    'given a weight of I/O, when it is set and raised, then that of the kernel goes up, or a warning says that it has none',
    async (lab) => {
      const id = lab.id();
      const weights: number[] = [];
      for (const ioWeight of [200, 900]) {
        const { unsupported } = await lab.driver.create({ id, limits: { ioWeight } }, lab.ctx());
        const found = await lab.fixture.readLimit(id, 'ioWeight');
        if (found === '') assert.match(unsupported.join(), /weight/);
        else assert.deepEqual(unsupported, []);
        weights.push(Number(found));
      }
      assert.ok(weights.every((weight) => weight === 0) || (weights[0] ?? 0) < (weights[1] ?? 0), weights.join(' '));
    },
  );
  check(
    'given a disk, when reading from it is limited and no more, then the kernel has it so, and other limits of it stay',
    async (lab) => {
      const disk = await anyDisk();
      if (disk === undefined) return;
      const id = lab.id();
      const io = (change: object): ResourceLimits => ({ io: [{ device: disk.path, ...change }] });
      const made = await lab.driver.create({ id, limits: mutable(io({ readBps: MIB, writeIops: 100 })) }, lab.ctx());
      assert.deepEqual(made.unsupported, []);
      const found = async (): Promise<string> =>
        (await lab.fixture.readLimit(id, 'readBps')).split('\n').find((line) => line.startsWith(`${disk.number} `)) ?? '';
      assert.match(await found(), new RegExp(`\\b${MIB}\\b`));
      for (const _ of [1, 2]) {
        await lab.driver.update({ id, limits: mutable(io({ readBps: 0 })) }, lab.ctx());
        assert.doesNotMatch(await found(), new RegExp(`\\b${MIB}\\b`));
      }
      await lab.driver.update({ id, limits: mutable(io({ readBps: 2 * MIB })) }, lab.ctx());
      assert.match(await found(), new RegExp(`\\b${2 * MIB}\\b`));
    },
  );
  check('given 16 MiB, when a process takes more, then it is killed and counted', async (lab) => {
    const id = await lab.create({ memoryBytes: 16 * MIB, memorySwapBytes: 16 * MIB });
    const before = await lab.driver.stats({ id }, lab.ctx());
    const child = await lab.run(id, 'x=0123456789abcdef; while :; do x=$x$x; done');
    assert.equal(await within('the end of a process that takes too much memory', child.end), 'SIGKILL');
    const { memory } = await lab.driver.stats({ id }, lab.ctx());
    assert.equal(before.memory.oomKills, 0);
    assert.equal(memory.oomKills, 1);
    assert.equal(memory.limitBytes, 16 * MIB);
    // Linux 6.18 counts none on version 1.
    assert.ok(Number.isSafeInteger(memory.limitHits ?? 0), `${memory.limitHits} times at the limit`);
    assert.ok(memory.maxUsageBytes > 8 * MIB && memory.maxUsageBytes <= 16 * MIB, `${memory.maxUsageBytes} bytes at most`);
  });
  check('given 4 processes at most, when a shell starts ten, then a fork fails and there are 4', async (lab) => {
    const id = await lab.create({ pids: 4 });
    const child = await lab.run(id, 'for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1000 & done; echo all; wait');
    assert.notEqual(await within('the end of a shell that cannot fork', child.end), 0);
    assert.equal(child.output(), '');
    assert.ok((await lab.processes(id)).length <= 4);
    const { pids } = await lab.driver.stats({ id }, lab.ctx());
    assert.equal(pids.limit, 4);
    assert.ok(pids.current >= 1 && pids.current <= 4, `${pids.current} processes`);
  });
}

/** What the kernel does not take is the caller's mistake where it has the controller, else a warning. Leaves other groups alone. */
async function rejectsOrWarns(lab: Lab, limits: ResourceLimits): Promise<void> {
  const id = lab.id();
  const told = await lab.driver.create({ id, limits: mutable(limits) }, lab.ctx()).then(
    ({ unsupported }) => unsupported,
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
  assert.ok(told === 'SPEC_INVALID' || (Array.isArray(told) && told.length > 0), JSON.stringify(told));
}

/** A block device of this host. Its limits are those of an empty group. */
async function anyDisk(): Promise<{ readonly path: string; readonly number: string } | undefined> {
  for (const name of (await readdir('/sys/block').catch(() => [])).toReversed()) {
    const found = await stat(`/dev/${name}`).catch(() => undefined);
    if (found?.isBlockDevice() === true) return { path: `/dev/${name}`, number: (await readFile(`/sys/block/${name}/dev`, 'utf8')).trim() };
  }
  return undefined;
}
