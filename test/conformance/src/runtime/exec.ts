import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type AddCheck, assertFails, eventually, type Lab, readUntil } from './lab.ts';

const up = (lab: Lab): Promise<string> => lab.up(['/bin/sleep', '1000']);

export function execChecks(check: AddCheck): void {
  check('given a running container, when a command is executed in it, then its output and exit code are its own', async (lab) => {
    const id = await up(lab);
    const { stdout, stderr, exitCode } = await lab.exec(id, ['/bin/sh', '-c', 'echo out; echo err >&2; exit 7']);
    assert.deepEqual({ stdout, stderr, exitCode }, { stdout: 'out\n', stderr: 'err\n', exitCode: 7 });
    assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'running');
    assert.equal(lab.hasExited(id), false);
  });

  check('given an exec session, when execCreate, execStart and execRemove are repeated, then it runs once', async (lab) => {
    const id = await up(lab);
    const args = ['/bin/sh', '-c', 'echo x >> /tmp/runs; sleep 1000'];
    const exec = await lab.execCreate(id, args);
    await lab.execCreate(id, args, {}, exec);
    const first = await lab.driver.execStart({ id, exec }, lab.ctx());
    assert.deepEqual(await lab.driver.execStart({ id, exec }, lab.ctx()), first);
    await eventually(async () => (await lab.exec(id, ['/bin/cat', '/tmp/runs'])).stdout === 'x\n', 'it runs once');
    await lab.driver.execRemove({ id, exec }, lab.ctx());
    await lab.driver.execRemove({ id, exec }, lab.ctx());
    const { stdout } = await lab.exec(id, ['/bin/ps', '-o', 'args']);
    assert.equal(stdout.includes('/tmp/runs'), false, 'its process is gone');
  });

  check('given an exec session that runs more than one process, when it is removed, then all of them are gone', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/sh', '-c', 'sleep 4321 & (sleep 4322; true)']);
    await lab.driver.execStart({ id, exec }, lab.ctx());
    const listed = async (): Promise<string> => (await lab.exec(id, ['/bin/ps', '-o', 'args'])).stdout;
    await eventually(async () => /sleep 4321[^]*sleep 4322|sleep 4322[^]*sleep 4321/.test(await listed()), 'both run');
    await lab.driver.execRemove({ id, exec }, lab.ctx());
    assert.doesNotMatch(await listed(), /sleep 432/);
  });

  check('given a session that was never started, when it is removed, then nothing of it stays', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/sh', '-c', 'echo x > /tmp/ran']);
    await lab.driver.execRemove({ id, exec }, lab.ctx());
    assert.notEqual((await lab.exec(id, ['/bin/cat', '/tmp/ran'])).exitCode, 0);
  });

  check('given 1 MiB of input, when it is sent through an exec session, then all of it comes back', async (lab) => {
    const id = await up(lab);
    const input = Buffer.from(randomBytes(1 << 19).toString('hex'));
    const { stdout } = await lab.exec(id, ['/bin/cat'], {}, input);
    assert.equal(stdout.length, input.length);
    assert.equal(stdout, input.toString());
  });

  check('given an exec session with a terminal, when it is resized, then it sees the size', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/sh'], { terminal: true, stdin: true, env: ['PATH=/bin', 'TERM=xterm', 'PS1=$ '] });
    const channel = await lab.driver.attach({ id, exec });
    await lab.driver.execStart({ id, exec }, lab.ctx());
    const output = channel.output[Symbol.asyncIterator]();
    await lab.driver.resize({ id, exec, rows: 31, columns: 62 }, lab.ctx());
    await channel.write(Buffer.from('sleep 0.2; stty size; exit 9\n'));
    await readUntil(output, '31 62\r\n');
    assert.equal((await lab.exited({ id, exec })).exitCode, 9);
  });

  const failing: readonly (readonly [string, readonly string[], Parameters<typeof assertFails>[1], RegExp])[] = [
    ['a command that is nowhere in PATH', ['nope'], 'COMMAND_NOT_FOUND', /exec: "nope": executable file not found in \$PATH/],
    ['a path that is not there', ['/bin/nope'], 'COMMAND_NOT_FOUND', /exec: "\/bin\/nope": stat \/bin\/nope: no such file or directory/],
    ['a file that is not executable', ['/etc/plain'], 'COMMAND_NOT_EXECUTABLE', /exec: "\/etc\/plain": permission denied/],
    ['a directory', ['/etc'], 'COMMAND_NOT_EXECUTABLE', /exec: "\/etc": (permission denied|is a directory)/],
  ];
  for (const [what, args, code, message] of failing) {
    check(`given ${what}, when it is executed, then it fails ${code} in words Docker's clients know`, async (lab) => {
      const id = await up(lab);
      const exec = await lab.execCreate(id, args);
      await assertFails(lab.driver.execStart({ id, exec }, lab.ctx()), code, message);
      await assertFails(lab.driver.execStart({ id, exec }, lab.ctx()), code, message);
      await lab.driver.execRemove({ id, exec }, lab.ctx());
      assert.equal((await lab.driver.state({ id }, lab.ctx())).status, 'running');
    });
  }

  check('given a working directory that is not there, when a command is executed, then it fails', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/true'], { cwd: '/not/here' });
    await assertFails(lab.driver.execStart({ id, exec }, lab.ctx()), 'COMMAND_NOT_FOUND', /no such file or directory/);
  });

  check('given an unknown user, when a command is executed, then it fails and nothing of it stays', async (lab) => {
    const id = await up(lab);
    await assertFails(
      lab.execCreate(id, ['/bin/true'], { user: 'x' }),
      'SPEC_INVALID',
      /unable to find user x: no matching entries in passwd file/,
    );
  });

  check('given a container that ended, when a command is executed, then it fails CONTAINER_NOT_RUNNING', async (lab) => {
    const { id } = await lab.run(['/bin/true']);
    await assertFails(lab.execCreate(id, ['/bin/true']), 'CONTAINER_NOT_RUNNING');
  });

  check('given a container that ends, when an exec session runs in it, then that ends too, with 137', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/sleep', '1000']);
    await lab.driver.execStart({ id, exec }, lab.ctx());
    await lab.driver.signal({ id, signal: 9 }, lab.ctx());
    assert.equal((await lab.exited({ id, exec })).exitCode, 137);
  });

  check('given an exec session that ended while no driver listened, when a new one listens, then it is told', async (lab) => {
    const id = await up(lab);
    const exec = await lab.execCreate(id, ['/bin/sh', '-c', 'sleep 0.3; exit 6']);
    await lab.driver.execStart({ id, exec }, lab.ctx());
    await lab.restart(() => new Promise((resolve) => setTimeout(resolve, 600)));
    assert.equal((await lab.exited({ id, exec })).exitCode, 6);
  });
}
