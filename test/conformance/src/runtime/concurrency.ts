import assert from 'node:assert/strict';
import type { AddCheck } from './lab.ts';

const SLEEP = ['/bin/sleep', '1000'];

/** Many at once: of one container, and of many. */
export function concurrencyChecks(check: AddCheck, checkProgram: AddCheck): void {
  checkProgram(
    'given one container, when create, start and remove are each asked for four times at once, then each happens once',
    async (lab) => {
      const args = lab.createArgs(['/bin/sh', '-c', 'echo x >> /tmp/runs; exec sleep 1000']);
      const { id } = args;
      const [first, ...others] = await times(4, () => lab.driver.create(args, lab.ctx()));
      for (const other of others) assert.deepEqual(other, first);
      await times(4, () => lab.driver.start({ id }, lab.ctx()));
      assert.deepEqual((await lab.driver.state({ id }, lab.ctx())).process, first?.process);
      assert.equal((await lab.exec(id, ['/bin/sh', '-c', 'until test -s /tmp/runs; do sleep 0.05; done; cat /tmp/runs'])).stdout, 'x\n');
      await times(4, () => lab.driver.remove({ id }, lab.ctx()));
      assert.deepEqual(await lab.driver.state({ id }, lab.ctx()), { status: 'absent' });
      await lab.assertNothingRemains();
    },
  );

  check('given a container that is being created, when it is removed meanwhile, then it is there whole or not at all', async (lab) => {
    const args = lab.createArgs(SLEEP);
    const { id } = args;
    await Promise.all([lab.driver.create(args, lab.ctx()), lab.driver.remove({ id }, lab.ctx())]);
    const { status } = await lab.driver.state({ id }, lab.ctx());
    const seen = (await lab.driver.observe()).length;
    assert.ok((status === 'created' && seen === 1) || (status === 'absent' && seen === 0), `${status}, and ${seen} observed`);
  });

  checkProgram('given six containers, when they live at once, then each has its own output and exit code', async (lab) => {
    const ran = await times(6, (index) => lab.run(['/bin/sh', '-c', `echo ${index}; sleep 0.2; exit ${index + 10}`]));
    assert.deepEqual(
      ran.map(({ stdout, exitCode }) => ({ stdout, exitCode })),
      Array.from({ length: 6 }, (_, index) => ({ stdout: `${index}\n`, exitCode: index + 10 })),
    );
  });
}

function times<T>(count: number, work: (index: number) => Promise<T>): Promise<T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}
