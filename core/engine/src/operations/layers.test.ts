import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { StorageDriver } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { IMAGE } from '../testing/sim-parts.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { withAuthorizer } from '../testing/with-authorizer.ts';

const test = suite('layers of containers that are not where their image is');
const LAYERS = IMAGE.layers.map(({ chainId }) => `storage:other/snapshot/${chainId}`);

async function* nothing(): AsyncIterable<Uint8Array> {}

/** Containers of the image, by name; the image is with `sim`. */
async function create(engine: RunningEngine, ...names: string[]): Promise<void> {
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  for (const name of names) await engine.execute('container.create', { name, spec: simSpec() }, CALLER);
}

const migrate = (engine: RunningEngine, container: string) =>
  engine.execute('container.migrate', { container, storageDriver: 'other' }, CALLER);

/** Lets all that can go on without the test go on. */
async function settled(): Promise<void> {
  for (let round = 0; round < 100; round += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** The simulated drivers, an authorizer that asks `judge` before anybody removes, and a storage driver that asks `prepare` before it prepares. */
function held(world: SimWorld, judge: () => Promise<void>, prepare: () => Promise<void>): Drivers {
  const drivers = world.drivers();
  const other: StorageDriver = drivers.get('storage', 'other');
  const slow: StorageDriver = {
    ...other,
    async prepare(args, ctx) {
      await prepare();
      return other.prepare(args, ctx);
    },
  };
  return withAuthorizer(
    {
      get: (kind, name) => (kind === 'storage' && name === 'other' ? (slow as never) : drivers.get(kind, name)),
      list: () => drivers.list(),
    },
    {
      async authorize({ type }) {
        if (type === 'container.remove') await judge();
        return { effect: 'allow' };
      },
    },
  );
}

test('given a removal that waits to be allowed, when its container migrates meanwhile, then it takes no layers from under one that migrates after it', async () => {
  const world = new SimWorld();
  const [allowed, prepared] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let preparing: Promise<void> = Promise.resolve();
  const drivers = held(
    world,
    () => allowed.promise,
    () => preparing,
  );
  const engine = await simEngine(world, new SimDisk(), drivers);
  await create(engine, 'one', 'two');
  const removal = engine.execute('container.remove', { container: 'one', force: false, volumes: false }, CALLER);
  await migrate(engine, 'one');
  preparing = prepared.promise;
  const migration = migrate(engine, 'two');
  await settled();
  allowed.resolve();
  await settled();
  prepared.resolve();
  await Promise.all([removal, migration]);
  for (const layer of LAYERS) assert.ok(world.things.has(layer), `${layer} is below container two`);
  await engine.execute('container.remove', { container: 'two', force: false, volumes: false }, CALLER);
  assert.equal(world.observe('storage:other'), []);
  await engine.stop('test');
});

test('given containers that are not where their image is, when they are pruned, then their layers there go, too', async () => {
  const world = new SimWorld();
  const engine = await simEngine(world, new SimDisk());
  await create(engine, 'one', 'two', 'three');
  for (const name of ['one', 'two', 'three']) await migrate(engine, name);
  const ids = [...(await engine.view()).containers.values()].map(({ id }) => id);
  const [first = '', ...others] = ids;
  await engine.execute('container.prune', { containers: [first] }, CALLER);
  for (const layer of LAYERS) assert.ok(world.things.has(layer), `${layer} is below the others`);
  await engine.execute('container.prune', { containers: others }, CALLER);
  assert.equal(world.observe('storage:other'), []);
  await engine.stop('test');
});

test('given layers that their driver does not remove, when containers on them are pruned, then these are gone, that is reported, and the next start takes the layers', async () => {
  const [world, disk] = [new SimWorld(), new SimDisk()];
  const drivers = world.drivers();
  const other: StorageDriver = drivers.get('storage', 'other');
  const stuck: StorageDriver = {
    ...other,
    async remove(args, ctx) {
      if (IMAGE.layers.some(({ chainId }) => chainId === args.key)) throw new Error('busy');
      return other.remove(args, ctx);
    },
  };
  const engine = await simEngine(world, disk, {
    get: (kind, name) => (kind === 'storage' && name === 'other' ? (stuck as never) : drivers.get(kind, name)),
    list: () => drivers.list(),
  });
  await create(engine, 'one');
  await migrate(engine, 'one');
  const [id = ''] = (await engine.view()).containers.keys();
  assert.equal((await engine.execute('container.prune', { containers: [id] }, CALLER)).removed, [id]);
  assert.is((await engine.view()).containers.size, 0);
  const reported = (await eventsOf(engine)).flatMap((event) => (event.type === 'host.drifted' ? [event.data.resource] : []));
  assert.equal(
    reported,
    IMAGE.layers.map(({ chainId }) => `snapshot/${chainId}`),
  );
  await engine.stop('test');
  const next = await simEngine(world, disk);
  assert.equal(world.observe('storage:other'), []);
  await next.stop('test');
});

test.run();
