import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Digest, type ImageManifest, type ImageStore, type LayerRecord, ShiplogError } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { IMAGE } from '../testing/sim-parts.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('pulls whose layers are unpacked before all is here');

const digestOf = (digit: string): Digest => `sha256:${digit.repeat(64)}`;
const UPPER: LayerRecord = { diffId: digestOf('1'), chainId: digestOf('2'), digest: digestOf('3'), mediaType: 'tar', size: 1 };
/** On the layer of the image that is loaded. */
const PULLED: ImageManifest = { ...IMAGE, id: digestOf('4'), layers: [...IMAGE.layers, UPPER] };
const LAYERS = PULLED.layers.map(({ chainId }) => `sim:snapshot/${chainId}`);

async function* nothing(): AsyncIterable<Uint8Array> {}

/** A pull that has unpacked its layers, and waits for what is still to come. */
interface Held {
  readonly come: () => void;
  readonly fail: () => void;
}

/** The simulated drivers, with a store whose pulls wait when they have unpacked their layers. */
function waiting(world: SimWorld, held: Held[]): Drivers {
  const drivers = world.drivers();
  const store: ImageStore = drivers.get('image-store', 'sim');
  const slow: ImageStore = {
    ...store,
    async pull(_ingest, _descriptor, _fetch, { signal, turn }, { unpack } = {}) {
      for (const [at, layer] of PULLED.layers.entries()) {
        const parent = PULLED.layers[at - 1]?.chainId;
        await unpack?.({ ...layer, image: PULLED.id, path: '/blob', ...(parent === undefined ? {} : { parent }) }, signal);
      }
      const rest = Promise.withResolvers<void>();
      held.push({ come: rest.resolve, fail: () => rest.reject(new ShiplogError('REGISTRY_UNAVAILABLE', 'gone')) });
      await rest.promise;
      await turn?.();
      return { manifest: PULLED, tags: [] };
    },
  };
  return { get: (kind, name) => (kind === 'image-store' ? (slow as never) : drivers.get(kind, name)), list: () => drivers.list() };
}

const load = (engine: RunningEngine) => engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
const pull = (engine: RunningEngine, storageDriver?: string) =>
  engine.execute('image.pull', { reference: 'pulled:latest', ...(storageDriver === undefined ? {} : { storageDriver }) }, CALLER);
const remove = (engine: RunningEngine, image: string) => engine.execute('image.remove', { image, force: true, prune: true }, CALLER);
const layersIn = (world: SimWorld): readonly string[] =>
  world
    .observe('storage:sim')
    .map(({ resource, id }) => `sim:${resource}/${id}`)
    .toSorted();

/** Resolves when so many pulls wait. */
async function reached(held: readonly Held[], count: number): Promise<void> {
  while (held.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'none',
    (error: unknown) => ShiplogError.wrap(error).code,
  );
}

test('given a pull that waits for its last layer, when an image with a layer in common is removed, then that is not held up, and the pull has its layers', async () => {
  const [world, held] = [new SimWorld(), [] as Held[]];
  const engine = await simEngine(world, new SimDisk(), waiting(world, held));
  await load(engine);
  const pulling = pull(engine);
  await reached(held, 1);
  await remove(engine, IMAGE.id);
  assert.equal(layersIn(world), LAYERS.toSorted());
  held[0]?.come();
  await pulling;
  assert.equal(layersIn(world), LAYERS.toSorted());
  await remove(engine, PULLED.id);
  assert.equal(layersIn(world), []);
  await engine.stop('test');
});

test('given a pull that waits for its last layer, when that stays away, then its layers go, but for those that an image has by then', async () => {
  for (const removes of [false, true]) {
    const [world, held] = [new SimWorld(), [] as Held[]];
    const engine = await simEngine(world, new SimDisk(), waiting(world, held));
    if (removes) await load(engine);
    const pulling = codeOf(pull(engine));
    await reached(held, 1);
    await (removes ? remove(engine, IMAGE.id) : load(engine));
    held[0]?.fail();
    assert.is(await pulling, 'REGISTRY_UNAVAILABLE');
    assert.equal(layersIn(world), removes ? [] : LAYERS.slice(0, 1));
    await engine.stop('test');
  }
});

test('given two pulls of an image, when the first fails, then the other has its layers; when both do, then there are none', async () => {
  for (const other of ['come', 'fail'] as const) {
    const [world, held] = [new SimWorld(), [] as Held[]];
    const engine = await simEngine(world, new SimDisk(), waiting(world, held));
    const pulls = [codeOf(pull(engine)), codeOf(pull(engine))];
    await reached(held, 2);
    held[0]?.fail();
    await Promise.race(pulls);
    assert.equal(layersIn(world), LAYERS.toSorted());
    held[1]?.[other]();
    assert.equal(
      (await Promise.all(pulls)).toSorted(),
      other === 'come' ? ['REGISTRY_UNAVAILABLE', 'none'] : Array(2).fill('REGISTRY_UNAVAILABLE'),
    );
    assert.equal(layersIn(world), other === 'come' ? LAYERS.toSorted() : []);
    await engine.stop('test');
  }
});

test('given a pull that fails beside a load that fails, when both leave a layer to each other, then it goes', async () => {
  const [world, held] = [new SimWorld(), [] as Held[]];
  const engine = await simEngine(world, new SimDisk(), waiting(world, held));
  const pulling = codeOf(pull(engine));
  await reached(held, 1);
  // It fails where it would make the layer, which is there.
  world.failAt = world.effects + 2;
  assert.is.not(await codeOf(load(engine)), 'none');
  assert.equal(layersIn(world), LAYERS.toSorted());
  held[0]?.fail();
  await pulling;
  assert.equal(layersIn(world), []);
  await engine.stop('test');
});

test('given an engine that dies while a pull waits, when the next one starts, then no layer of the pull is left', async () => {
  const [world, held, disk] = [new SimWorld(), [] as Held[], new SimDisk()];
  const engine = await simEngine(world, disk, waiting(world, held));
  await load(engine);
  void codeOf(pull(engine));
  await reached(held, 1);
  assert.equal(layersIn(world), LAYERS.toSorted());
  world.abandon();
  const next = await simEngine(world, disk);
  assert.equal(layersIn(world), LAYERS.slice(0, 1));
  await next.stop('test');
});

test('given an engine that dies in a pull to a storage driver that nothing uses yet, when the next one starts, then no layer is left there', async () => {
  const [world, held, disk] = [new SimWorld(), [] as Held[], new SimDisk()];
  const engine = await simEngine(world, disk, waiting(world, held));
  void codeOf(pull(engine, 'other'));
  await reached(held, 1);
  assert.is(world.observe('storage:other').length, LAYERS.length);
  world.abandon();
  const drivers = world.drivers();
  const list = () => drivers.list().map((driver) => (driver.name === 'other' ? { ...driver, loaded: false } : driver));
  const next = await simEngine(world, disk, { get: (kind, name) => drivers.get(kind, name), list });
  assert.equal(world.observe('storage:other'), []);
  await next.stop('test');
});

test.run();
