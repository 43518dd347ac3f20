import assert from 'node:assert/strict';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AddCheck, type Child, type Lab, until, within } from './lab.ts';

const TICKS = 'while :; do echo tick; sleep 0.01; done';
/** Eight shells that fork all the time, and sixteen sleepers. */
const FORKS = 'for i in 1 2 3 4 5 6 7 8; do (while :; do sleep 0.05; done) & (sleep 1000 & sleep 1000) & done; echo up; wait';

/** Processes join, are frozen, counted and killed. */
export function processChecks(check: AddCheck): void {
  check('given a process, when it joins once and again, then it and what it starts are in the cgroup', async (lab) => {
    const id = await lab.create();
    const child = await lab.run(id, 'sleep 1000 & sleep 1000 & echo up; wait');
    await until('the shell is up', () => child.output().includes('up'));
    await lab.driver.join({ id, pid: child.pid }, lab.ctx());
    const processes = await lab.processes(id);
    assert.equal(processes.length, 3);
    assert.ok(processes.includes(child.pid));
  });
  check('given a process in one cgroup, when it joins another, then it is in that alone', async (lab) => {
    const [one, other] = [await lab.create(), await lab.create()];
    const { pid } = await lab.sleeper(one);
    await lab.driver.join({ id: other, pid }, lab.ctx());
    assert.deepEqual(await lab.processes(one), []);
    assert.deepEqual(await lab.processes(other), [pid]);
  });
  check('given running processes, when they are frozen and thawed, then they stand still and go on', async (lab) => {
    if (lab.fixture.capabilities['freeze'] !== true) return;
    const id = await lab.create();
    const child = await lab.run(id, TICKS);
    await until('it ticks', () => child.output() !== '');
    for (const round of [1, 2]) {
      await lab.driver.freeze({ id }, lab.ctx());
      await lab.driver.freeze({ id }, lab.ctx());
      assert.ok(!(await moves(child)), `round ${round}: a frozen process made progress`);
      await lab.driver.thaw({ id }, lab.ctx());
      await lab.driver.thaw({ id }, lab.ctx());
      const length = child.output().length;
      await until(`round ${round}: it goes on`, () => child.output().length > length);
    }
  });
  check('given frozen processes, when they are killed, then they are gone and the cgroup is usable', async (lab) => {
    if (lab.fixture.capabilities['freeze'] !== true || lab.fixture.capabilities['kill'] !== true) return;
    const id = await lab.create();
    const child = await lab.run(id, TICKS);
    await lab.driver.freeze({ id }, lab.ctx());
    await lab.driver.kill({ id }, lab.ctx());
    assert.equal(await within('the end of a killed process', child.end), 'SIGKILL');
    const next = await lab.run(id, 'echo on');
    assert.equal(await within('the end of a process in a cgroup that was killed', next.end), 0);
  });
  check('given processes that fork all the time, when they are killed by two at once, then none is left', async (lab) => {
    if (lab.fixture.capabilities['kill'] !== true) return;
    const id = await lab.create({ pids: 100 });
    const child = await forking(lab, id);
    await Promise.all([lab.driver.kill({ id }, lab.ctx()), lab.driver.kill({ id }, lab.ctx())]);
    assert.deepEqual(await lab.processes(id), []);
    assert.equal(await within('the end of a killed process', child.end), 'SIGKILL');
    await sleep(100);
    assert.deepEqual(await lab.processes(id), []);
    await lab.driver.kill({ id }, lab.ctx());
  });
  check('given two cgroups, when one is killed, then the other lives', async (lab) => {
    if (lab.fixture.capabilities['kill'] !== true) return;
    const [one, other] = [await lab.create(), await lab.create()];
    const [dies, lives] = [await lab.sleeper(one), await lab.sleeper(other)];
    await lab.driver.kill({ id: one }, lab.ctx());
    assert.equal(await within('the end of a killed process', dies.end), 'SIGKILL');
    assert.deepEqual(await lab.processes(other), [lives.pid]);
  });
  check('given processes that fork all the time, when the cgroup is removed, then they and it are gone', async (lab) => {
    const id = await lab.create({ pids: 100 });
    const child = await forking(lab, id);
    await lab.driver.remove({ id }, lab.ctx());
    assert.deepEqual(await lab.fixture.groupsOf(), []);
    assert.equal(await within('the end of a killed process', child.end), 'SIGKILL');
  });
  check('given a busy process, when a sample is taken, then its numbers are plausible and grow', async (lab) => {
    if (lab.fixture.capabilities['stats'] !== true) return;
    const id = await lab.create({ memoryBytes: 64 * 2 ** 20, pids: 20 });
    const empty = await lab.driver.stats({ id }, lab.ctx());
    assert.equal(empty.pids.current, 0);
    await lab.run(id, 'x=0123456789abcdef; for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do x=$x$x; done; while :; do i=$((i+1)); done');
    await until('it used 50 ms of CPU and a megabyte', async () => {
      const sample = await lab.driver.stats({ id }, lab.ctx());
      return sample.cpu.usageNs > empty.cpu.usageNs + 50_000_000 && sample.memory.usageBytes > 2 ** 20;
    });
    const { pids, cpu, memory, io } = await lab.driver.stats({ id }, lab.ctx());
    assert.deepEqual(pids, { current: 1, limit: 20 });
    assert.ok(cpu.usageNs < 60e9, `${cpu.usageNs} ns of CPU`);
    assert.ok(cpu.userNs > 0 && cpu.userNs + cpu.systemNs <= cpu.usageNs * 1.5, `${cpu.userNs} ns for the user`);
    assert.ok(memory.usageBytes > 2 ** 20 && memory.usageBytes <= memory.maxUsageBytes, `${memory.usageBytes} bytes`);
    assert.equal(memory.limitBytes, 64 * 2 ** 20);
    assert.equal(memory.oomKills, 0);
    assert.ok(Object.keys(memory.detail).length > 5);
    assert.ok(io.every((row) => Object.values(row).every(Number.isSafeInteger)));
  });
  check(
    'given processes that want one CPU, when a sample is taken, then it says how long they waited, if this kernel counts it',
    async (lab) => {
      if (lab.fixture.capabilities['psi'] !== true) return;
      const id = await lab.create({ cpuQuotaUs: 2000, cpuPeriodUs: 20_000 });
      for (const _ of [1, 2]) await lab.run(id, 'while :; do :; done');
      if (
        await stat('/proc/pressure/cpu').then(
          () => true,
          () => false,
        )
      ) {
        await until('they waited', async () => ((await lab.driver.stats({ id }, lab.ctx())).pressure?.cpu?.some.totalUs ?? 0) > 10_000);
        const { pressure } = await lab.driver.stats({ id }, lab.ctx());
        assert.deepEqual(Object.keys(pressure ?? {}).toSorted(), ['cpu', 'io', 'memory']);
        assert.ok((pressure?.cpu?.some.avg10 ?? -1) >= 0 && (pressure?.cpu?.some.avg10 ?? 101) <= 100);
      } else assert.equal((await lab.driver.stats({ id }, lab.ctx())).pressure, undefined);
    },
  );
  check('given a quota of a tenth, when a process is busy, then it is throttled and that is counted', async (lab) => {
    if (lab.fixture.capabilities['stats'] !== true) return;
    const id = await lab.create({ cpuQuotaUs: 2000, cpuPeriodUs: 20_000 });
    await lab.run(id, 'while :; do :; done');
    await until('it is throttled, and that is counted', async () => {
      const { cpu } = await lab.driver.stats({ id }, lab.ctx());
      return cpu.throttledPeriods > 2 && cpu.throttledNs > 0 && cpu.periods >= cpu.throttledPeriods;
    });
  });
}

async function forking(lab: Lab, id: string): Promise<Child> {
  const child = await lab.run(id, FORKS);
  await until('the shells fork', () => child.output().includes('up'));
  return child;
}

async function moves(child: Child): Promise<boolean> {
  // What it wrote before may still be on its way here.
  await sleep(50);
  const length = child.output().length;
  await sleep(150);
  return child.output().length > length;
}
