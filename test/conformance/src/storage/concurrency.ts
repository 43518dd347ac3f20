import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ShiplogError } from '@shiplog/contracts';
import { type AddCheck, names } from './lab.ts';
import { makeTar } from './tar.ts';

/** Many at once, and some of them called off. */
export function concurrencyChecks(check: AddCheck): void {
  check('given one layer, when it is applied five times at once, then all get the same answer and it is there once', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar([{ path: 'f', content: 'x' }]));
    const key = lab.layerKey();
    const answers = await times(5, () => lab.driver.applyLayer({ key, diffId, source }, lab.ctx()));
    for (const answer of answers) assert.deepEqual(answer, answers[0]);
    assert.deepEqual([answers[0]?.diffId, answers[0]?.bytes], [diffId, 1]);
    assert.deepEqual(await lab.observed(), [`snapshot ${key}`]);
  });
  check('given one parent, when ten layers are applied on it at once, then each is itself', async (lab) => {
    const parent = await lab.layer([{ path: 'base' }]);
    const keys = await times(10, (index) => lab.layer([{ path: `own-${index}` }], parent));
    for (const [index, key] of keys.entries()) assert.deepEqual(await names(await lab.show(key)), ['base', `own-${index}`]);
  });
  check('given one key, when everything is asked of it at once and twice, then the last state is a whole one', async (lab) => {
    const parent = await lab.layer([{ path: 'f', content: 'x' }]);
    const key = lab.containerKey();
    await times(4, () => lab.driver.prepare({ key, parent }, lab.ctx()));
    const target = lab.target();
    await times(4, () => lab.mount(key, target));
    assert.equal(await readFile(join(target, 'f'), 'utf8'), 'x');
    assert.ok((await lab.mountsAt(target)) <= 1);
    assert.deepEqual(
      (await lab.observed()).filter((line) => line.includes(key)),
      [`mount ${key}`, `snapshot ${key}`],
    );
    await times(4, () => lab.driver.unmount({ key, target }, lab.ctx()));
    assert.equal(await lab.mountsAt(target), 0);
    await times(4, () => lab.driver.remove({ key }, lab.ctx()));
    assert.deepEqual(await lab.observed(), [`snapshot ${parent}`]);
  });
  check('given twenty containers on one layer, when they live at once, then they are strangers and nothing is left', async (lab) => {
    const parent = await lab.layer([{ path: 'd/f', content: 'x' }]);
    await times(20, async () => {
      const key = lab.containerKey();
      const target = await lab.show(parent, key);
      assert.deepEqual(await names(join(target, 'd')), ['f']);
      await lab.driver.unmount({ key, target }, lab.ctx());
      await lab.driver.remove({ key }, lab.ctx());
    });
    assert.deepEqual(await lab.observed(), [`snapshot ${parent}`]);
  });
  check('given a cancelled operation, when a verb is called, then it fails CANCELED without trace', async (lab) => {
    const { source, diffId } = await lab.blob(makeTar([{ path: 'f' }]));
    await lab.failsWithoutTrace('CANCELED', () =>
      lab.driver.applyLayer({ key: lab.layerKey(), diffId, source }, lab.ctx(AbortSignal.abort())),
    );
    await lab.failsWithoutTrace('CANCELED', () => lab.driver.prepare({ key: lab.containerKey() }, lab.ctx(AbortSignal.abort())));
  });
  check('given a deadline, when it passes in the middle of a layer, then the error is the deadline and nothing stays', async (lab) => {
    const parent = await lab.layer([{ path: 'base' }]);
    const entries = Array.from({ length: 300 }, (_, index) => ({ path: `f${index}`, content: Buffer.alloc(40_000, index) }));
    const { source, diffId } = await lab.blob(makeTar(entries));
    await lab.failsWithoutTrace('DEADLINE_EXCEEDED', () => {
      const controller = new AbortController();
      const applied = lab.driver.applyLayer({ key: lab.layerKey(), parent, diffId, source }, lab.ctx(controller.signal));
      setTimeout(() => controller.abort(new ShiplogError('DEADLINE_EXCEEDED', 'too late')), 5);
      return applied;
    });
  });
}

async function times<T>(count: number, work: (index: number) => Promise<T>): Promise<readonly T[]> {
  return Promise.all(Array.from({ length: count }, (_, index) => work(index)));
}
