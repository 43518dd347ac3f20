import assert from 'node:assert/strict';
import { access } from 'node:fs/promises';
import { type AddCheck, assertFails, eventually } from './lab.ts';

const SLEEP = ['/bin/sleep', '1000'];

/** `checkProgram` takes those that need a program to run. */
export function lifeCycleChecks(check: AddCheck, checkProgram: AddCheck): void {
  check('given a created container, when it is asked for, then its program has not run yet', async (lab) => {
    const id = await lab.create(['/bin/sh', '-c', 'echo ran; sleep 1000']);
    const { status, process } = await lab.driver.state({ id }, lab.ctx());
    assert.equal(status, 'created');
    assert.ok(process !== undefined && process.pid > 1 && process.startTicks > 0);
    assert.deepEqual(await lab.driver.observe(), [{ resource: 'container', id }]);
    await lab.driver.start({ id }, lab.ctx());
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'running');
  });

  check('given a container, when create, start and remove are repeated, then the same is true as after once', async (lab) => {
    const args = lab.createArgs(SLEEP);
    const { id } = args;
    const first = await lab.driver.create(args, lab.ctx());
    assert.deepEqual(await lab.driver.create(args, lab.ctx()), first);
    await lab.driver.start({ id }, lab.ctx());
    await lab.driver.start({ id }, lab.ctx());
    const { status, process } = await lab.driver.state({ id }, lab.ctx());
    assert.deepEqual({ status, process }, { status: 'running', ...first });
    await lab.driver.remove({ id }, lab.ctx());
    await lab.driver.remove({ id }, lab.ctx());
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'absent');
    await lab.assertNothingRemains();
  });

  check('given nothing, when what is not there is undone, then that is no failure', async (lab) => {
    const [id, exec] = [lab.newId(), lab.newId()];
    await lab.driver.remove({ id }, lab.ctx());
    await lab.driver.execRemove({ id, exec }, lab.ctx());
    assert.deepEqual(await lab.driver.signal({ id, signal: 15 }, lab.ctx()), { delivered: false });
    assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'absent' });
    assert.deepEqual(await lab.driver.observe(), []);
  });

  check('given nothing, when what is not there is used, then the error says so', async (lab) => {
    const [id, exec] = [lab.newId(), lab.newId()];
    await assertFails(lab.driver.start({ id }, lab.ctx()), 'CONTAINER_NOT_FOUND');
    await assertFails(lab.driver.attach({ id }), 'CONTAINER_NOT_RUNNING');
    await assertFails(lab.driver.resize({ id, rows: 1, columns: 1 }, lab.ctx()), 'CONTAINER_NOT_RUNNING');
    await assertFails(lab.execCreate(id, ['/bin/true']), 'CONTAINER_NOT_RUNNING');
    await assertFails(lab.driver.execStart({ id, exec }, lab.ctx()), 'EXEC_NOT_FOUND');
    await lab.assertNothingRemains();
  });

  checkProgram('given a container that ended, when it is created again, then it can be started again', async (lab) => {
    const { id } = await lab.run(['/bin/true']);
    assert.equal(await lab.create(SLEEP, { id }), id);
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'created');
  });

  checkProgram('given a running container, when it is signalled, then it gets that signal', async (lab) => {
    const id = await lab.create(['/bin/sh', '-c', 'trap "exit 42" USR1; echo ready; while :; do sleep 0.05; done']);
    const channel = await lab.driver.attach({ id });
    await lab.driver.start({ id }, lab.ctx());
    for await (const { data } of channel.output) if (Buffer.from(data).toString().includes('ready')) break;
    assert.deepEqual(await lab.driver.signal({ id, signal: 10 }, lab.ctx()), { delivered: true });
    assert.equal((await lab.exited({ id })).exitCode, 42);
    assert.deepEqual(await lab.driver.signal({ id, signal: 10 }, lab.ctx()), { delivered: false });
  });

  check('given a created container, when it is killed before its start, then it is exited', async (lab) => {
    const id = await lab.create(SLEEP);
    assert.deepEqual(await lab.driver.signal({ id, signal: 9 }, lab.ctx()), { delivered: true });
    assert.equal((await lab.exited({ id })).exitCode, 137);
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'exited');
  });

  const failing: readonly (readonly [string, readonly string[], Parameters<typeof assertFails>[1], RegExp])[] = [
    ['a command that is nowhere in PATH', ['nope'], 'COMMAND_NOT_FOUND', /exec: "nope": executable file not found in \$PATH/],
    ['a path that is not there', ['/bin/nope'], 'COMMAND_NOT_FOUND', /exec: "\/bin\/nope": stat \/bin\/nope: no such file or directory/],
    ['a file that is not executable', ['/etc/plain'], 'COMMAND_NOT_EXECUTABLE', /exec: "\/etc\/plain": permission denied/],
    ['a directory', ['/etc'], 'COMMAND_NOT_EXECUTABLE', /exec: "\/etc": (permission denied|is a directory)/],
  ];
  for (const [what, args, code, message] of failing) {
    checkProgram(
      `given ${what}, when it is created, then it fails ${code} in words Docker's clients know, and nothing stays`,
      async (lab) => {
        const asked = lab.createArgs(args);
        await assertFails(lab.driver.create(asked, lab.ctx()), code, message);
        await lab.assertNothingRemains();
        await assert.rejects(access(asked.log.path), { code: 'ENOENT' });
        assert.equal((await lab.driver.state({ id: asked.id }, lab.ctx())).status, 'absent');
      },
    );
  }

  checkProgram(
    'given a working directory that is a file, when it is created, then it fails RUNTIME_FAILED and nothing stays',
    async (lab) => {
      await assertFails(lab.create(['/bin/true'], { cwd: '/etc/plain' }), 'RUNTIME_FAILED', /not a directory/i);
      await lab.assertNothingRemains();
    },
  );

  checkProgram('given a failed create, when it is created rightly with the same id, then it runs', async (lab) => {
    const id = lab.newId();
    await assertFails(lab.create(['nope'], { id }), 'COMMAND_NOT_FOUND');
    assert.equal((await lab.run(['/bin/echo', 'well'], { id })).stdout, 'well\n');
  });

  check('given a container with children, when it is removed, then none of its processes lives on', async (lab) => {
    const id = await lab.up(['/bin/sh', '-c', 'sleep 1000 & sleep 1000 & wait']);
    await lab.execCreate(id, SLEEP);
    const exec = await lab.execCreate(id, SLEEP);
    await lab.driver.execStart({ id, exec }, lab.ctx());
    await lab.driver.remove({ id }, lab.ctx());
    await lab.assertNothingRemains();
  });

  checkProgram('given a running container, when its processes are listed, then ps shows its main one', async (lab) => {
    const id = await lab.up(SLEEP);
    const { process } = await lab.driver.state({ id }, lab.ctx());
    const pid = process?.pid ?? 0;
    await eventually(
      async () => JSON.stringify((await lab.driver.top([pid], '')).processes).includes('sleep 1000'),
      'ps shows the command',
    );
    const { titles, processes } = await lab.driver.top([pid, 999_999_999], '-o pid,args');
    assert.deepEqual(titles, ['PID', 'COMMAND']);
    assert.deepEqual(processes, [[String(pid), '/bin/sleep 1000']]);
    await assertFails(lab.driver.top([pid], '--no-such-option'), 'REQUEST_INVALID');
  });
}
