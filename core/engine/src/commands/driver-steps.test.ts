import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { VolumeDriver } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('steps of drivers');

function withVolumes(volume: VolumeDriver): Drivers {
  const drivers = new SimWorld().drivers();
  return { get: (kind, name) => (kind === 'volume' ? (volume as never) : drivers.get(kind, name)), list: () => drivers.list() };
}

test('given an engine that dies while it takes an operation back, when the next one does, then recorded steps are not done again', async () => {
  const disk = new SimDisk();
  const done: string[] = [];
  const hung = Promise.withResolvers<void>();
  let hangAt = 'create/second';
  const step = async (name: string): Promise<string> => {
    if (name === hangAt) {
      hung.resolve();
      await new Promise(() => undefined);
    }
    done.push(name);
    return `${name} #${done.length}`;
  };
  const volumes: VolumeDriver = {
    observe: async () => [],
    async create(_, ctx) {
      await ctx.step('first', () => step('create/first'));
      await ctx.step('second', () => step('create/second'));
      return {};
    },
    publish: async ({ path }) => ({ path }),
    unpublish: async () => ({}),
    async remove(_, ctx) {
      const first = await ctx.step('first', () => step('remove/first'));
      await ctx.step('second', () => step(`remove/second after ${first}`));
      return {};
    },
  };
  const first = await simEngine(new SimWorld(), disk, withVolumes(volumes));
  void first.execute('volume.create', { name: 'data', driver: 'sim', options: {}, labels: {} }, CALLER);
  await hung.promise;
  // The first engine is abandoned here, as by kill -9, and the second one in the middle of its recovery.
  hangAt = 'remove/second after remove/first #2';
  void simEngine(new SimWorld(), disk, withVolumes(volumes));
  while (!done.includes('remove/first')) await new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  hangAt = '';
  const third = await simEngine(new SimWorld(), disk, withVolumes(volumes));
  assert.equal(done, ['create/first', 'remove/first', 'remove/second after remove/first #2']);
  const last = (await eventsOf(third)).findLast(({ kind }) => kind === 'outcome');
  assert.is(last?.type, 'volume.create.failed');
  assert.is((await third.view()).openOperations.size, 0);
  await third.stop('test');
});

test.run();
