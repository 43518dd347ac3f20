import assert from 'node:assert/strict';
import { type AddCheck, eventually, sleep } from './lab.ts';

export function exitChecks(check: AddCheck): void {
  for (const code of [0, 1, 126, 127]) {
    check(`given a command that ends with ${code}, when it runs, then the exit is told and on record`, async (lab) => {
      const before = Date.now();
      const { id, exitCode } = await lab.run(['/bin/sh', '-c', `exit ${code}`]);
      assert.equal(exitCode, code);
      const { status, exitCode: recorded, finishedAt, oomKilled } = await lab.driver.state({ id }, lab.ctx());
      assert.deepEqual({ status, recorded, oomKilled }, { status: 'exited', recorded: code, oomKilled: false });
      const finished = Number(BigInt(finishedAt ?? '0') / 1_000_000n);
      assert.ok(finished >= before - 1000 && finished <= Date.now() + 1000, `finished at ${finished}`);
    });
  }

  for (const [signal, code] of [
    [9, 137],
    [15, 143],
  ] as const) {
    check(`given a running container, when signal ${signal} kills it, then its exit code is ${code}`, async (lab) => {
      // As pid 1 it would be spared by the signal's default action: a handler of its own ends it.
      const id = await lab.create(['/bin/sh', '-c', 'trap "exit 143" TERM; echo ready; while :; do sleep 0.05; done']);
      const channel = await lab.driver.attach({ id });
      await lab.driver.start({ id }, lab.ctx());
      for await (const { data } of channel.output) if (Buffer.from(data).toString().includes('ready')) break;
      assert.deepEqual(await lab.driver.signal({ id, signal }, lab.ctx()), { delivered: true });
      assert.equal((await lab.exited({ id })).exitCode, code);
    });
  }

  check('given a container that was started just now, when signal 9 kills it, then its exit code is 137', async (lab) => {
    // At once, and a little later each time: its program has not begun, is about to, or has.
    for (let delay = 0; delay < 8; delay += 1) {
      const id = await lab.up(['/bin/sleep', '1000']);
      if (delay > 0) await sleep(delay);
      assert.deepEqual(await lab.driver.signal({ id, signal: 9 }, lab.ctx()), { delivered: true });
      assert.equal((await lab.exited({ id })).exitCode, 137);
    }
  });

  check('given containers that ended, when a new driver listens, then it is told of those before it and of those after', async (lab) => {
    const before = await lab.run(['/bin/sh', '-c', 'exit 3']);
    const during = await lab.up(['/bin/sleep', '1000']);
    const after = await lab.up(['/bin/sleep', '1000']);
    await lab.restart(async () => {
      await lab.driver.signal({ id: during, signal: 9 }, lab.ctx());
      await eventually(async () => (await lab.driver.state({ id: during }, lab.ctx())).status === 'exited', 'it ends');
    });
    assert.equal((await lab.exited({ id: before.id })).exitCode, 3);
    assert.equal((await lab.exited({ id: during })).exitCode, 137);
    assert.equal((await lab.driver.state({ id: after }, lab.ctx())).status, 'running');
    assert.equal(lab.hasExited(after), false);
    await lab.driver.signal({ id: after, signal: 9 }, lab.ctx());
    assert.equal((await lab.exited({ id: after })).exitCode, 137);
  });

  check('given a removed container, when a new driver listens, then it is not told of it', async (lab) => {
    const gone = await lab.run(['/bin/true']);
    await lab.driver.remove({ id: gone.id }, lab.ctx());
    const other = await lab.run(['/bin/true']);
    await lab.restart();
    await lab.exited({ id: other.id });
    assert.equal(lab.hasExited(gone.id), false);
  });

  check('given a running container, when a new driver takes over, then it can attach, exec, signal and remove', async (lab) => {
    const id = await lab.up(['/bin/cat'], { stdin: true });
    await lab.restart();
    const channel = await lab.driver.attach({ id });
    await channel.write(Buffer.from('over here\n'));
    for await (const { data } of channel.output) {
      assert.equal(Buffer.from(data).toString(), 'over here\n');
      break;
    }
    assert.equal((await lab.exec(id, ['/bin/echo', 'too'])).stdout, 'too\n');
    assert.deepEqual(await lab.driver.signal({ id, signal: 9 }, lab.ctx()), { delivered: true });
    assert.equal((await lab.exited({ id })).exitCode, 137);
  });

  check('given a container whose monitor is killed, when its process ends, then that is told, and it can be removed', async (lab) => {
    const id = await lab.up(['/bin/sleep', '1000']);
    if (!(await lab.fixture.killMonitor(id))) return;
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'running');
    await lab.driver.signal({ id, signal: 9 }, lab.ctx());
    assert.equal((await lab.exited({ id })).id, id);
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'exited');
  });

  check('given a container that uses more memory than it may, when it runs, then its exit says so', async (lab) => {
    if (!lab.fixture.limitsMemory) return;
    const { id, exitCode } = await lab.run(['/bin/sh', '-c', 'x=aaaaaaaaaaaaaaaa; while :; do x="$x$x"; done'], { memory: 16 << 20 });
    assert.equal(exitCode, 137);
    assert.equal((await lab.exited({ id })).oomKilled, true);
    assert.equal((await lab.driver.state({ id }, lab.ctx())).oomKilled, true);
  });
}
