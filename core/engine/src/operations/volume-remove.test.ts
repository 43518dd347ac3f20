import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type ErrorCode, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('engine: volumes are removed');

/** An engine with a volume, whose drivers fail with a code as soon as they are told to. */
async function withVolume() {
  const world = new SimWorld();
  const disk = new SimDisk();
  let failing: ErrorCode | undefined;
  const start = () => {
    const drivers = world.drivers();
    const get: Drivers['get'] = (kind, name) => {
      if (kind === 'volume' && failing !== undefined) throw new ShiplogError(failing, `the driver ${name} does not`, { kind, name });
      return drivers.get(kind, name);
    };
    return simEngine(world, disk, { list: () => drivers.list(), get });
  };
  const engine = await start();
  await engine.execute('volume.create', { name: 'data', driver: 'example', options: {}, labels: {} }, CALLER);
  const remove = (force: boolean) => engine.execute('volume.remove', { volume: 'data', force }, CALLER);
  return { engine, world, start, remove, fail: (code?: ErrorCode) => (failing = code) };
}

for (const code of ['DRIVER_NOT_FOUND', 'DRIVER_UNAVAILABLE'] as const)
  test(`given a volume, when its driver is ${code} and its removal is forced, then it is known no more, and the log says what was left`, async () => {
    const { engine, remove, fail } = await withVolume();
    fail(code);
    assert.is(await codeOf(remove(false)), code);
    assert.ok((await engine.view()).volumes.has('data'));
    assert.equal(await remove(true), { name: 'data' });
    assert.not.ok((await engine.view()).volumes.has('data'));
    const step = (await eventsOf(engine)).findLast(({ type }) => type === 'operation.step');
    assert.equal(step?.data, { verb: 'volume.remove', step: 'volume.leave', facts: { driver: 'example', reason: code } });
    await engine.stop('test');
  });

test('given a volume, when its driver refuses and its removal is forced, then it stays', async () => {
  const { engine, remove, fail } = await withVolume();
  fail('DRIVER_FAILED');
  assert.is(await codeOf(remove(true)), 'DRIVER_FAILED');
  assert.ok((await engine.view()).volumes.has('data'));
  await engine.stop('test');
});

for (const force of [true, false])
  test(`given a removal that is ${force ? '' : 'not '}forced, when the engine is killed in it and its driver does not exist any more, then the next start ends it: the volume ${force ? 'goes' : 'stays'}`, async () => {
    const { world, start, remove, fail } = await withVolume();
    world.effects = 0;
    world.dieAt = 1;
    void remove(force);
    while (world.effects === 0) await new Promise((resolve) => setImmediate(resolve));
    world.abandon();
    fail('DRIVER_NOT_FOUND');
    const next = await start();
    const view = await next.view();
    assert.equal([view.openOperations.size, view.volumes.has('data')], [0, !force]);
    await next.stop('test');
  });

test.run();
