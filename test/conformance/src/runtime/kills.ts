import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { type AddCheck, assertFails, eventually, type Lab } from './lab.ts';
import type { Call } from './kill-after.ts';

/** Moments of a call at which its process is killed, beside its end: effects have checks of their own. */
const MOMENTS = 3;

const PROGRAM = ['/bin/sh', '-c', 'echo ran; exec sleep 1000'];

/** kill -9 of a driver's process in the middle of a verb: the next driver repeats the verb, and all is as if nothing had been. */
export function killChecks(check: AddCheck): void {
  check('given a driver that is killed at any moment of a create, when the next one creates, then that container is whole', async (lab) => {
    const begin = async (): Promise<Call> => ({ verb: 'create', args: lab.createArgs(PROGRAM) });
    await killAllAlong(lab, begin, async ({ args }) => {
      const wanted = args as ReturnType<Lab['createArgs']>;
      const { id } = wanted;
      assert.ok(['absent', 'created'].includes((await lab.driver.state({ id }, lab.ctx())).status));
      const first = await lab.driver.create(wanted, lab.ctx());
      assert.deepEqual(await lab.driver.create(wanted, lab.ctx()), first);
      assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'created', ...first });
      await lab.driver.start({ id }, lab.ctx());
      await assertRanOnce(lab, id);
      await lab.driver.remove({ id }, lab.ctx());
      await lab.assertNothingRemains();
    });
  });

  check('given a driver that is killed at any moment of a create, when the next one removes, then nothing of it stays', async (lab) => {
    const begin = async (): Promise<Call> => ({ verb: 'create', args: lab.createArgs(PROGRAM) });
    await killAllAlong(lab, begin, async ({ args }) => {
      const { id } = args as ReturnType<Lab['createArgs']>;
      await lab.driver.remove({ id }, lab.ctx());
      assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'absent' });
      await lab.assertNothingRemains();
      await assertFails(lab.driver.start({ id }, lab.ctx()), 'CONTAINER_NOT_FOUND');
    });
  });

  check('given a driver that is killed at any moment of a start, when the next one starts, then the program runs once', async (lab) => {
    const begin = async (): Promise<Call> => ({ verb: 'start', args: { id: await lab.create(PROGRAM) } });
    await killAllAlong(lab, begin, async ({ args }) => {
      const { id } = args as { readonly id: string };
      const { status, process } = await lab.driver.state({ id }, lab.ctx());
      assert.ok(status === 'created' || status === 'running', status);
      await lab.driver.start({ id }, lab.ctx());
      await lab.driver.start({ id }, lab.ctx());
      assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'running', process });
      await assertRanOnce(lab, id);
      await lab.driver.remove({ id }, lab.ctx());
    });
  });

  check('given a driver that is killed at any moment of a remove, when the next one removes, then nothing of it stays', async (lab) => {
    const begin = async (): Promise<Call> => ({ verb: 'remove', args: { id: await lab.up(PROGRAM) } });
    await killAllAlong(lab, begin, async ({ args }) => {
      const { id } = args as { readonly id: string };
      await lab.driver.remove({ id }, lab.ctx());
      await lab.driver.remove({ id }, lab.ctx());
      assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'absent' });
      await lab.assertNothingRemains();
    });
  });
}

/** Makes the call whole once, to learn how long it takes, then with a kill at moments spread over that; each on something new. */
async function killAllAlong(lab: Lab, begin: () => Promise<Call>, examine: (call: Call) => Promise<void>): Promise<void> {
  const kill = async (after?: number): Promise<{ readonly ended: boolean; readonly lasted: number }> => {
    const call = await begin();
    let killed = { ended: false, lasted: 0 };
    await lab.restart(async () => {
      killed = await lab.fixture.kill(call, after);
    });
    await examine(call);
    return killed;
  };
  const { lasted } = await kill();
  let early = 0;
  for (let moment = 0; moment < MOMENTS; moment += 1) if (!(await kill((lasted * moment) / MOMENTS)).ended) early += 1;
  assert.ok(early > 0, 'no kill came before the call had ended');
}

async function assertRanOnce(lab: Lab, id: string): Promise<void> {
  const said = (): Promise<string> => readFile(lab.fixture.logPath(id), 'utf8').catch(() => '');
  await eventually(async () => (await said()).includes('ran'), 'the program says that it ran');
  assert.equal((await said()).split('ran').length - 1, 1, 'how often it ran');
}
