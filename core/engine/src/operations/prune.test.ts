import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type CommandArgs, type ErrorCode, ShiplogError, type ShiplogEvent } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { comesToEnd, SimWorld } from '../testing/sim-world.ts';

const test = suite('engine: containers, networks and volumes are pruned');
const NAMES = ['one', 'two', 'three'];
const SECRET = 'hunter2-and-more';

const network = (name: string, options = {}): CommandArgs['network.create'] => ({
  name,
  driver: 'bridge',
  internal: false,
  options,
  labels: {},
});
const volume = (name: string, options = {}): CommandArgs['volume.create'] => ({ name, driver: 'local', options, labels: {} });
const namesOf = (records: Iterable<{ readonly name: string }>): readonly string[] => [...records].map(({ name }) => name);

/** A world with drivers that remove what `failing` does not name, and say what they were told to remove. */
function trial() {
  const world = new SimWorld();
  const disk = new SimDisk();
  const failing = new Map<string, ErrorCode>();
  const told: string[] = [];
  let before: ((name: string) => void) | undefined;
  const plain = world.drivers();
  const removing = (name: string): void => {
    told.push(name);
    before?.(name);
    const code = failing.get(name);
    if (code !== undefined) throw new ShiplogError(code, `${name} with ${SECRET} stays`);
  };
  const get: Drivers['get'] = (kind, name) => {
    const driver = plain.get(kind, name);
    if (kind !== 'network' && kind !== 'volume' && kind !== 'storage') return driver;
    return new Proxy(driver, {
      get(target, verb, receiver) {
        const value: unknown = Reflect.get(target, verb, receiver);
        if (typeof value !== 'function' || (verb !== 'removeNetwork' && verb !== 'remove')) return value;
        return async (
          args: { readonly name?: string; readonly key?: string; readonly network?: { readonly name: string } },
          ctx: unknown,
        ) => {
          removing(args.network?.name ?? args.name ?? args.key ?? '');
          return Reflect.apply(value, target, [args, ctx]);
        };
      },
    });
  };
  const local = {
    kind: 'volume',
    name: 'local',
    capabilities: { inPlace: true },
    needs: {},
    doc: '',
    plugin: 'sim',
    probe: { usable: true },
  } as const;
  const list: Drivers['list'] = () => [...plain.list(), local];
  const start = () => simEngine(world, disk, { get, list });
  return { world, failing, told, start, onRemove: (run: ((name: string) => void) | undefined) => (before = run) };
}

/** Networks and volumes of these names. Answers the networks' ids. */
async function make(engine: RunningEngine, names: readonly string[] = NAMES): Promise<readonly string[]> {
  const ids: string[] = [];
  for (const name of names) {
    ids.push((await engine.execute('network.create', network(name), CALLER)).id);
    await engine.execute('volume.create', volume(name), CALLER);
  }
  return ids;
}

/** The events of the last operation of a verb, as type and what it says. */
async function lastOf(engine: RunningEngine, verb: string): Promise<readonly ShiplogEvent[]> {
  const events = await eventsOf(engine);
  const op = events.findLast(({ type }) => type === `${verb}.requested`)?.op;
  return events.filter((event) => event.op === op);
}

test('given what nobody uses, when it is pruned, then one operation removes it and says what that reclaimed', async () => {
  const { world, told, start } = trial();
  const engine = await start();
  const ids = await make(engine);
  for (const [index, name] of NAMES.entries()) world.trees.set(`/volumes/${name}/_data`, 100 * (index + 1));
  const networks = NAMES.map((name, index) => ({ id: ids[index], name }));
  assert.equal(await engine.execute('network.prune', { networks: ids }, CALLER), { removed: networks });
  assert.equal(await engine.execute('volume.prune', { volumes: NAMES }, CALLER), { removed: NAMES, reclaimedBytes: 600 });
  const view = await engine.view();
  assert.equal([namesOf(view.networks.values()), view.volumes.size, told], [['bridge', 'host', 'none'], 0, [...NAMES, ...NAMES]]);
  assert.not.ok([...world.things].some((thing) => ids.some((id) => thing.includes(id))));
  const [intent, ...rest] = await lastOf(engine, 'network.prune');
  assert.equal(intent?.type === 'network.prune.requested' && intent.data.decided, { networks });
  assert.equal(
    rest.map(({ type, data }) => [type, 'step' in data ? data.step : data]),
    [...NAMES.map((name) => ['operation.step', `network.removeNetwork ${name}`]), ['network.prune.succeeded', { removed: ids }]],
  );
  await engine.stop('test');
});

test('given nothing to prune, when it is pruned, then an intent and an outcome say so, and no driver is called', async () => {
  const { told, start } = trial();
  const engine = await start();
  assert.equal(await engine.execute('network.prune', { networks: [] }, CALLER), { removed: [] });
  assert.equal(await engine.execute('volume.prune', { volumes: ['nobody'] }, CALLER), { removed: [], reclaimedBytes: 0 });
  for (const verb of ['network.prune', 'volume.prune'])
    assert.equal(
      (await lastOf(engine, verb)).map(({ type }) => type),
      [`${verb}.requested`, `${verb}.succeeded`],
    );
  assert.equal(told, []);
  await engine.stop('test');
});

test('given one that its driver does not remove, when it is pruned, then that stays and is named, the others go, and nothing of its secrets is told', async () => {
  const { world, failing, start } = trial();
  const engine = await start();
  const ids = await make(engine, ['one', 'three']);
  const before = world.secrets.size;
  const { id } = await engine.execute('network.create', network('two', { 'vpn.password': SECRET }), CALLER);
  await engine.execute('volume.create', volume('two', { 'vpn.password': SECRET }), CALLER);
  failing.set('two', 'DRIVER_FAILED');
  const networks = [ids[0] ?? '', id, ids[1] ?? ''];
  assert.equal(namesOf((await engine.execute('network.prune', { networks }, CALLER)).removed), ['one', 'three']);
  assert.equal((await engine.execute('volume.prune', { volumes: NAMES }, CALLER)).removed, ['one', 'three']);
  const view = await engine.view();
  assert.equal([namesOf(view.networks.values()).slice(3), [...view.volumes.keys()]], [['two'], ['two']]);
  const left = (await eventsOf(engine)).flatMap(({ data }) =>
    'step' in data && data.step.endsWith('.leave') ? [[data.step, data.facts]] : [],
  );
  assert.equal(left, [
    ['network.leave', { network: id, reason: 'DRIVER_FAILED' }],
    ['volume.leave', { volume: 'two', reason: 'DRIVER_FAILED' }],
  ]);
  assert.is(world.secrets.size, before + 2);
  // Both can be used, and pruned again; with the last their secrets go.
  failing.clear();
  await engine.execute('network.prune', { networks: [id] }, CALLER);
  await engine.execute('volume.prune', { volumes: ['two'] }, CALLER);
  assert.is(world.secrets.size, before);
  assert.not.match(JSON.stringify(await eventsOf(engine)), SECRET);
  await engine.stop('test');
});

test('given a container that its driver does not remove, when all are pruned, then the others go, and it can be started, and pruned later', async () => {
  const { failing, start } = trial();
  const engine = await start();
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const ids: string[] = [];
  for (const name of NAMES) ids.push((await engine.execute('container.create', { name, spec: simSpec() }, CALLER)).id);
  const [one = '', two = '', three = ''] = ids;
  failing.set(two, 'DRIVER_FAILED');
  assert.equal((await engine.execute('container.prune', { containers: ids }, CALLER)).removed, [one, three]);
  const { containers } = await engine.view();
  assert.equal([namesOf(containers.values()), containers.get(two)?.status, containers.get(two)?.busy], [['two'], 'created', undefined]);
  assert.is(await codeOf(engine.execute('container.prune', { containers: ids }, CALLER)), 'DRIVER_FAILED');
  await engine.execute('container.start', { container: 'two' }, CALLER);
  await engine.execute('container.stop', { container: 'two' }, CALLER);
  failing.clear();
  while ((await engine.view()).container('two').active) await new Promise((resolve) => setImmediate(resolve));
  assert.equal((await engine.execute('container.prune', { containers: ids }, CALLER)).removed, [two]);
  await engine.stop('test');
});

test('given a container that was just stopped, when its network is removed or pruned, then what it held is given back before', async () => {
  const { start } = trial();
  const engine = await start();
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const networks = await make(engine);
  for (const name of NAMES) {
    await engine.execute('container.create', { name, spec: simSpec({ networkMode: name, autoRemove: name === 'three' }) }, CALLER);
    await engine.execute('container.start', { container: name }, CALLER);
  }
  assert.is(await codeOf(engine.execute('network.remove', { network: 'one' }, CALLER)), 'NETWORK_IN_USE');
  await engine.execute('container.stop', { container: 'one' }, CALLER);
  await engine.execute('network.remove', { network: 'one' }, CALLER);
  await engine.execute('container.stop', { container: 'three' }, CALLER);
  // The second runs.
  assert.equal(namesOf((await engine.execute('network.prune', { networks }, CALLER)).removed), ['three']);
  await engine.stop('test');
});

test('given a container that does not give back what it held, when its network is removed, then it is refused in the end', async () => {
  const { world, start } = trial();
  const engine = await start();
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const networks = await make(engine);
  const { id } = await engine.execute('container.create', { name: 'one', spec: simSpec({ networkMode: 'one' }) }, CALLER);
  await engine.execute('container.start', { container: 'one' }, CALLER);
  world.dieAt = world.effects + 1;
  world.exit(id, 3);
  while ((await engine.view()).container('one').status !== 'exited') await new Promise((resolve) => setImmediate(resolve));
  assert.is(await codeOf(engine.execute('network.remove', { network: 'one' }, CALLER)), 'NETWORK_IN_USE');
  world.abandon();
  assert.ok((await engine.view()).networks.has(networks[0] ?? ''));
});

test('given drivers that remove nothing, when all is pruned, then it fails with the first reason, and everything is as before', async () => {
  const { failing, start } = trial();
  const engine = await start();
  const networks = await make(engine);
  failing.set('one', 'DISK_FULL');
  for (const name of ['two', 'three']) failing.set(name, 'DRIVER_FAILED');
  assert.is(await codeOf(engine.execute('network.prune', { networks }, CALLER)), 'DISK_FULL');
  assert.is(await codeOf(engine.execute('volume.prune', { volumes: NAMES }, CALLER)), 'DISK_FULL');
  const view = await engine.view();
  assert.equal([view.networks.size, view.volumes.size, view.openOperations.size], [6, 3, 0]);
  await engine.stop('test');
});

test('given a caller who goes away, when it is pruned, then what had gone is gone, and no driver is told of the rest', async () => {
  const { told, onRemove, start } = trial();
  const engine = await start();
  const networks = await make(engine);
  const gone = new AbortController();
  onRemove((name) => name === 'two' && gone.abort());
  const { removed } = await engine.execute('network.prune', { networks }, CALLER, { signal: gone.signal });
  assert.equal(
    [namesOf(removed), told],
    [
      ['one', 'two'],
      ['one', 'two'],
    ],
  );
  assert.is(await codeOf(engine.execute('volume.prune', { volumes: NAMES }, CALLER, { signal: gone.signal })), 'CANCELED');
  const view = await engine.view();
  assert.equal([view.networks.size, view.volumes.size, told.length], [4, 3, 2]);
  await engine.stop('test');
});

test('given a prune under way, when containers come to use what it takes away, then they are refused, and use what it left', async () => {
  const { failing, onRemove, start } = trial();
  const engine = await start();
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const networks = await make(engine, ['one', 'two']);
  await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: 'web' }, CALLER);
  const mounts = [{ type: 'volume', source: 'one', target: '/data', readOnly: false }] as const;
  const join = () => codeOf(engine.execute('network.connect', { network: 'one', container: 'web', endpoint: {} }, CALLER));
  const create = () => codeOf(engine.execute('container.create', { name: 'db', spec: simSpec({ mounts }) }, CALLER));
  let refusal: Promise<unknown> | undefined;
  for (const name of ['one', 'two']) failing.set(name, 'DRIVER_FAILED');
  onRemove((name) => name === 'two' && (refusal = join()));
  assert.is(await codeOf(engine.execute('network.prune', { networks }, CALLER)), 'DRIVER_FAILED');
  assert.is(await refusal, 'NETWORK_NOT_FOUND');
  onRemove((name) => name === 'two' && (refusal = create()));
  assert.is(await codeOf(engine.execute('volume.prune', { volumes: ['one', 'two'] }, CALLER)), 'DRIVER_FAILED');
  assert.is(await refusal, 'VOLUME_IN_USE');
  onRemove(undefined);
  failing.clear();
  assert.equal([await join(), await create()], ['none', 'none']);
  // One is used now.
  assert.equal(namesOf((await engine.execute('network.prune', { networks }, CALLER)).removed), ['two']);
  assert.equal((await engine.execute('volume.prune', { volumes: ['one', 'two'] }, CALLER)).removed, ['two']);
  await engine.stop('test');
});

for (const verb of ['network.prune', 'volume.prune'] as const)
  for (const after of [false, true])
    test(`given a ${verb}, when the engine is killed just ${after ? 'after' : 'before'} any of its removals, then the next start ends it: all is gone`, async () => {
      for (let effect = 1; effect <= NAMES.length; effect += 1) {
        const { world, start } = trial();
        const engine = await start();
        const networks = await make(engine);
        world.effects = 0;
        world.dieAt = effect;
        world.dieAfter = after;
        const work =
          verb === 'network.prune' ? engine.execute(verb, { networks }, CALLER) : engine.execute(verb, { volumes: NAMES }, CALLER);
        assert.not.ok(await comesToEnd(world, effect, work));
        world.abandon();
        world.dieAfter = false;
        const next = await start();
        const view = await next.view();
        const left = verb === 'network.prune' ? view.networks.size - 3 : view.volumes.size;
        assert.equal([view.openOperations.size, left], [0, 0], `killed at ${effect}`);
        const outcome = (await lastOf(next, verb)).at(-1);
        assert.equal([outcome?.type, outcome?.result?.status], [`${verb}.succeeded`, 'ok']);
        assert.is(outcome !== undefined && 'removed' in outcome.data && outcome.data.removed.length, NAMES.length);
        await next.stop('test');
      }
    });

test('given an idempotency key, when a prune comes twice with it, then it is done once and answered twice', async () => {
  const { told, start } = trial();
  const engine = await start();
  const networks = await make(engine);
  const ask = () => engine.execute('network.prune', { networks }, { ...CALLER, idem: 'prune-1' });
  const first = await ask();
  assert.equal(await ask(), first);
  assert.equal([first.removed.length, told.length], [3, 3]);
  await engine.stop('test');
});

test.run();
