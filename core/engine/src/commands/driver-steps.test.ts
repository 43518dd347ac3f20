import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CgroupDriver, ShiplogError, VolumeDriver } from '@shiplog/contracts';
import { ENDING_MS } from '../base.ts';
import type { Drivers } from '../ports.ts';
import { startEngine } from '../start-engine.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { simParts } from '../testing/sim-parts.ts';
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

/** Volumes whose making goes on after it is canceled, until `end`. Says what came in which order. */
function slowlyEnded() {
  const done: string[] = [];
  const [begun, ending] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const volumes: VolumeDriver = {
    observe: async () => [],
    async create(_, { signal }) {
      begun.resolve();
      await ending.promise;
      done.push('create has ended');
      signal.throwIfAborted();
      return {};
    },
    publish: async ({ path }) => ({ path }),
    unpublish: async () => ({}),
    async remove() {
      done.push('remove');
      return {};
    },
  };
  return { volumes, done, begun: begun.promise, end: () => ending.resolve() };
}

test('given a driver at work whose caller goes away, when its step is taken back, then the driver has ended what it did', async () => {
  const { volumes, done, begun, end } = slowlyEnded();
  const engine = await simEngine(new SimWorld(), new SimDisk(), withVolumes(volumes));
  const gone = new AbortController();
  const args = { name: 'data', driver: 'sim', options: {}, labels: {} };
  const created = engine.execute('volume.create', args, CALLER, { signal: gone.signal }).catch((error: ShiplogError) => error.code);
  await begun;
  gone.abort();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  end();
  assert.is(await created, 'CANCELED');
  assert.equal(done, ['create has ended', 'remove']);
  await engine.stop('test');
});

test('given a driver that does not end what was canceled, when it has had its time, then its step is taken back', async () => {
  const { volumes, done, begun } = slowlyEnded();
  const clock = new ManualClock(1_700_000_000_000_000_000n);
  let made = 0;
  const next = (): string => `op${String((made += 1)).padStart(6, '0')}`;
  const log = await new SimDisk().open();
  const engine = await startEngine(simParts({ log, drivers: withVolumes(volumes), clock, instance: 'inst', next }));
  const gone = new AbortController();
  const args = { name: 'data', driver: 'sim', options: {}, labels: {} };
  const created = engine.execute('volume.create', args, CALLER, { signal: gone.signal }).catch((error: ShiplogError) => error.code);
  await begun;
  gone.abort();
  clock.pass(ENDING_MS);
  assert.is(await created, 'CANCELED');
  assert.equal(done, ['remove']);
  await engine.stop('test');
});

test('given a commit whose caller goes away while its container is being frozen, when it has failed, then the container runs', async () => {
  const world = new SimWorld();
  const drivers = world.drivers();
  const [begun, ending] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const cgroup: CgroupDriver = {
    ...drivers.get('cgroup', 'sim'),
    async freeze(args, ctx) {
      begun.resolve();
      await ending.promise;
      return drivers.get('cgroup', 'sim').freeze(args, ctx);
    },
  };
  const engine = await simEngine(world, new SimDisk(), {
    get: (kind, name) => (kind === 'cgroup' ? (cgroup as never) : drivers.get(kind, name)),
    list: () => drivers.list(),
  });
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  const gone = new AbortController();
  const args = { container: id, reference: '', message: '', author: '', pause: true, changes: [] };
  const committed = engine.execute('image.commit', args, CALLER, { signal: gone.signal }).catch((error: ShiplogError) => error.code);
  await begun.promise;
  gone.abort();
  for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  ending.resolve();
  assert.is(await committed, 'CANCELED');
  assert.is(world.things.has(`cgroup/frozen/${id}`), false);
  await engine.stop('test');
});

test.run();
