import assert from 'node:assert/strict';
import type { AddCheck } from './lab.ts';
import { rejectsWith } from './lab.ts';

/** Groups come and go: once, twice, at the same time, and in the wrong order. */
export function lifeCycleChecks(check: AddCheck): void {
  check('given nothing, when a cgroup is created, then it exists, the path names it, and it is observed', async (lab) => {
    const id = lab.id();
    const { cgroupsPath, unsupported } = await lab.driver.create({ id, limits: {} }, lab.ctx());
    assert.match(cgroupsPath, /^\/.+/);
    assert.ok(cgroupsPath.endsWith(`/${id}`), cgroupsPath);
    assert.deepEqual(unsupported, []);
    const groups = await lab.fixture.groupsOf(id);
    assert.ok(groups.length > 0);
    for (const group of groups) assert.ok(group.endsWith(cgroupsPath), `${group} is not at ${cgroupsPath}`);
    assert.deepEqual(await lab.observed(), [`cgroup ${id}`]);
    assert.deepEqual(await lab.processes(id), []);
  });
  check('given a cgroup, when it is created again, then the answer is the same and limits hold', async (lab) => {
    const id = lab.id();
    const first = await lab.driver.create({ id, limits: { pids: 10 } }, lab.ctx());
    assert.deepEqual(await lab.driver.create({ id, limits: { pids: 10 } }, lab.ctx()), first);
    assert.equal(await lab.fixture.readLimit(id, 'pids'), '10');
  });
  check('given nothing, when one cgroup is created at the same time by many, then all succeed', async (lab) => {
    const id = lab.id();
    await Promise.all(Array.from({ length: 8 }, () => lab.driver.create({ id, limits: { pids: 10 } }, lab.ctx())));
    assert.deepEqual(await lab.observed(), [`cgroup ${id}`]);
  });
  check('given many cgroups, when they come and go at the same time, then each is whole and none is left', async (lab) => {
    const keep = await lab.create({ pids: 7 });
    await Promise.all(
      Array.from({ length: 12 }, async () => {
        const id = lab.id();
        for (let round = 0; round < 3; round += 1) {
          await lab.driver.create({ id, limits: { pids: 5 } }, lab.ctx());
          assert.equal(await lab.fixture.readLimit(id, 'pids'), '5');
          await lab.driver.remove({ id }, lab.ctx());
        }
      }),
    );
    assert.deepEqual(await lab.observed(), [`cgroup ${keep}`]);
    assert.equal(await lab.fixture.readLimit(keep, 'pids'), '7');
  });
  check('given the last cgroup goes, when others are created at the same time, then they succeed', async (lab) => {
    for (let round = 0; round < 5; round += 1) {
      const last = await lab.create();
      const next = lab.id();
      await Promise.all([lab.driver.remove({ id: last }, lab.ctx()), lab.driver.create({ id: next, limits: { pids: 3 } }, lab.ctx())]);
      assert.equal(await lab.fixture.readLimit(next, 'pids'), '3');
      await lab.driver.remove({ id: next }, lab.ctx());
    }
  });
  check('given no cgroup, when it is removed, killed or thawed, then that succeeds', async (lab) => {
    const id = lab.id();
    await lab.driver.remove({ id }, lab.ctx());
    if (lab.fixture.capabilities['kill'] === true) await lab.driver.kill({ id }, lab.ctx());
    if (lab.fixture.capabilities['freeze'] === true) await lab.driver.thaw({ id }, lab.ctx());
    assert.deepEqual(await lab.processes(id), []);
    assert.deepEqual(await lab.fixture.groupsOf(), []);
  });
  check('given no cgroup, when it is updated, joined or frozen, then that fails and makes nothing', async (lab) => {
    const id = lab.id();
    const { pid } = lab.spawn(':');
    await rejectsWith(['KERNEL_CALL_FAILED', 'NOT_FOUND'], lab.driver.update({ id, limits: { pids: 5 } }, lab.ctx()));
    await rejectsWith(['KERNEL_CALL_FAILED', 'NOT_FOUND'], lab.driver.join({ id, pid }, lab.ctx()));
    if (lab.fixture.capabilities['freeze'] === true)
      await rejectsWith(['KERNEL_CALL_FAILED', 'NOT_FOUND'], lab.driver.freeze({ id }, lab.ctx()));
    assert.deepEqual(await lab.fixture.groupsOf(), []);
  });
  check('given a cgroup, when it is removed twice and by many at once, then nothing of it is left', async (lab) => {
    const id = await lab.create();
    await Promise.all(Array.from({ length: 6 }, () => lab.driver.remove({ id }, lab.ctx())));
    await lab.driver.remove({ id }, lab.ctx());
    assert.deepEqual(await lab.fixture.groupsOf(), []);
    assert.deepEqual(await lab.observed(), []);
  });
}
