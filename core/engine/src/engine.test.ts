import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createState, decide, evolve } from '@shiplog/model';
import { type Command, type CommandType, type IntentData, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { RunningEngine } from './start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from './testing/sim-engine.ts';
import { SimWorld, comesToEnd } from './testing/sim-world.ts';

const test = suite('engine');

async function* nothing(): AsyncIterable<Uint8Array> {}

async function withImage() {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  return { world, disk, engine, rest: world.leftovers() };
}

test('given a container, when it lives and is removed, then the world is as before and each request left intent and outcome', async () => {
  const { world, engine, rest } = await withImage();
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: 'web' }, CALLER);
  assert.is((await engine.view()).container('web').status, 'running');
  assert.is(await codeOf(engine.execute('container.start', { container: 'web' }, CALLER)), 'CONTAINER_ALREADY_STARTED');
  assert.is((await engine.execute('container.stop', { container: 'web' }, CALLER)).exitCode, 143);
  await engine.execute('container.remove', { container: id, force: false, volumes: false }, CALLER);
  assert.equal(world.leftovers(), rest);
  assert.equal(unsettled(await eventsOf(engine)), []);
  await engine.stop('test');
});

test('given many containers, when they are started in the same moment, then each gets an address of its own', async () => {
  const { engine } = await withImage();
  const ids: string[] = [];
  for (let number = 0; number < 8; number++) ids.push((await engine.execute('container.create', { spec: simSpec() }, CALLER)).id);
  await Promise.all(ids.map((container) => engine.execute('container.start', { container }, CALLER)));
  const view = await engine.view();
  const addresses = ids.flatMap((id) => Object.values(view.container(id).endpoints).map(({ ipv4 }) => ipv4));
  assert.is(new Set(addresses).size, ids.length);
  await engine.stop('test');
});

test('given a container with auto-remove, when it exits by itself, then it is removed and a waiter learns its code', async () => {
  const { world, engine, rest } = await withImage();
  const { id } = await engine.execute('container.create', { spec: simSpec({ autoRemove: true }) }, CALLER);
  const removed = engine.wait(id, 'removed');
  await engine.execute('container.start', { container: id }, CALLER);
  world.exit(id, 7);
  assert.equal(await removed, { exitCode: 7 });
  assert.equal(world.leftovers(), rest);
  await engine.stop('test');
});

test('given containers that end by themselves, when they are restarted in that moment, then each has a new process, which can be ended', async () => {
  const { world, engine, rest } = await withImage();
  const lives = Array.from({ length: 12 }, async () => {
    const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
    await engine.execute('container.start', { container: id }, CALLER);
    world.exit(id, 1);
    // Refused: the exit is known only after it.
    await Promise.allSettled([
      engine.execute('container.start', { container: id }, CALLER),
      engine.execute('container.restart', { container: id }, CALLER),
    ]);
    assert.is((await engine.view()).container(id).status, 'running');
    assert.is(world.processes.get(id)?.state, 'running');
    await engine.execute('container.remove', { container: id, force: true, volumes: false }, CALLER);
  });
  await Promise.all(lives);
  assert.equal(world.leftovers(), rest);
  await engine.stop('test');
});

test('given a start, when any of its effects fails, then nothing of it stays and it can be tried again', async () => {
  for (let effect = 1; ; effect += 1) {
    const { world, engine } = await withImage();
    const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
    const before = world.leftovers();
    world.effects = 0;
    world.failAt = effect;
    const code = await codeOf(engine.execute('container.start', { container: id }, CALLER));
    world.failAt = Number.POSITIVE_INFINITY;
    if (code === 'none') {
      assert.ok(effect > 6, `a start has ${effect - 1} effects`);
      await engine.stop('test');
      return;
    }
    assert.equal(world.leftovers(), before, `effect ${effect}`);
    assert.equal((await engine.view()).container(id).active, false);
    await engine.execute('container.start', { container: id }, CALLER);
    await engine.stop('test');
  }
});

test('given a driver that gives nothing back, when a container that ended is started again, then that is refused, and works once the driver does', async () => {
  const { world, engine } = await withImage();
  const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  const releases = async (): Promise<number> => (await eventsOf(engine)).filter(({ type }) => type === 'container.release.failed').length;
  world.fails = true;
  world.exit(id, 1);
  while ((await releases()) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  assert.is(await codeOf(engine.execute('container.start', { container: id }, CALLER)), 'CONTAINER_BUSY');
  assert.ok((await releases()) < 10, `${await releases()} tries`);
  world.fails = false;
  await engine.execute('container.start', { container: id }, CALLER);
  assert.is((await engine.view()).container(id).status, 'running');
  await engine.stop('test');
});

test('given somebody attached to a container that was made, when its start fails, then what they read ends', async () => {
  const { world, engine } = await withImage();
  const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
  const channel = await engine.attach(id, { stdin: false, stdout: true, stderr: true }, CALLER);
  world.effects = 0;
  world.failAt = 1;
  assert.is.not(await codeOf(engine.execute('container.start', { container: id }, CALLER)), 'none');
  for await (const _ of channel.output) assert.unreachable('nothing ran');
  await engine.stop('test');
});

test('given an endpoint that no container has, when the engine starts, then it is removed and drift says so, though a removal failed', async () => {
  const { world, disk, engine, rest } = await withImage();
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  const running = world.leftovers();
  world.abandon();
  world.things.add('net/endpoint/ghost');
  // Three effects make sure of the networks. The next is the removal; the simulated drivers see one host, so another one tries again.
  world.failAt = 4;
  const second = await simEngine(world, disk);
  assert.equal(world.leftovers(), running);
  assert.is((await second.view()).container(id).status, 'running');
  await second.execute('container.remove', { container: id, force: true, volumes: true }, CALLER);
  assert.equal(
    (await eventsOf(second)).flatMap((event) => (event.type === 'host.drifted' ? [event.data] : [])),
    ['present; it could not be removed: effect 4 fails', 'present, and removed'].map((found) => ({
      kind: 'network',
      resource: 'endpoint/ghost',
      expected: 'absent',
      found,
    })),
  );
  assert.equal(world.leftovers(), rest);
  await second.stop('test');
});

test('given a first start, when it is killed before or after any of its effects, then the next has all networks and a third appends only its start', async () => {
  for (const dieAfter of [false, true]) {
    for (let effect = 1; effect <= 3; effect += 1) {
      const world = new SimWorld();
      const disk = new SimDisk();
      Object.assign(world, { dieAt: effect, dieAfter });
      const started = await comesToEnd(world, effect, simEngine(world, disk));
      assert.is(started, false, `effect ${effect} of a first start`);
      world.abandon();
      const second = await simEngine(world, disk);
      const names = [...(await second.view()).networks.values()].map(({ name }) => name);
      assert.equal(names.toSorted(), ['bridge', 'host', 'none'], `effect ${effect}`);
      const { length } = await eventsOf(second);
      world.abandon();
      const third = await simEngine(world, disk);
      assert.equal(
        (await eventsOf(third)).slice(length).map(({ type }) => type),
        ['engine.started'],
        `effect ${effect}`,
      );
      await third.stop('test');
    }
  }
});

/** Every moment of a life: one request after the other, the engine killed at each effect, before and after it happens. */
for (const after of [false, true]) {
  test(`given a life, when the engine is killed ${after ? 'after' : 'before'} any of its effects, then log and world agree again and a second recovery appends nothing`, async () => {
    const life = async (engine: RunningEngine, done: string[]): Promise<void> => {
      await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
      done.push('load');
      await engine.execute('image.migrate', { image: 'sim', storageDriver: 'other' }, CALLER);
      done.push('migrate');
      const env = await engine.seal(['SECRET=1']);
      const { id } = await engine.execute(
        'container.create',
        { name: 'life', spec: simSpec({ env, cmd: ['serve', '--password=hunter2'] }) },
        CALLER,
      );
      done.push('create');
      await engine.execute('container.start', { container: id }, CALLER);
      done.push('start');
      await engine.execute('container.restart', { container: id }, CALLER);
      done.push('restart');
      await engine.execute('container.stop', { container: id }, CALLER);
      done.push('stop');
      await engine.execute('container.migrate', { container: id, storageDriver: 'sim' }, CALLER);
      done.push('leave');
      await engine.execute('container.remove', { container: id, force: true, volumes: true }, CALLER);
      done.push('remove');
      await engine.execute('image.remove', { image: 'sim', force: false, prune: true }, CALLER);
      done.push('rmi');
    };
    for (let effect = 1; ; effect += 1) {
      const world = new SimWorld();
      const disk = new SimDisk();
      const first = await simEngine(world, disk);
      world.effects = 0;
      world.dieAt = effect;
      world.dieAfter = after;
      const done: string[] = [];
      const finished = await comesToEnd(world, effect, life(first, done));
      if (finished) {
        assert.ok(effect > 30, `a life has ${effect - 1} effects`);
        await first.stop('test');
        return;
      }
      world.abandon();
      const second = await simEngine(world, disk);
      await quiet(second);
      const view = await second.view();
      const names = [...view.containers.values()].map((container) => container.name);
      const where = `effect ${effect}, after ${done.at(-1) ?? 'nothing'}`;
      if (done.includes('migrate')) for (const image of view.images.values()) assert.is(image.storageDriver, 'other', where);
      if (done.includes('leave')) for (const container of view.containers.values()) assert.is(container.storageDriver, 'sim', where);
      const holders = new Set([...view.images.values(), ...view.containers.values()].map(({ storageDriver }) => storageDriver));
      for (const driver of ['sim', 'other']) assert.is(world.observe(`storage:${driver}`).length > 0, holders.has(driver), where);
      if (done.includes('create') && !done.includes('stop')) assert.ok(names.includes('life'), where);
      if (done.includes('remove')) assert.equal(names, [], where);
      assert.is(view.openOperations.size, 0, where);
      assert.equal(unsettled(await eventsOf(second)), [], where);
      for (const container of view.containers.values()) {
        const process = world.processes.get(container.id);
        assert.is(container.status === 'running', process?.state === 'running', `${where}: ${container.status}, ${process?.state}`);
        await second.execute('container.remove', { container: container.id, force: true, volumes: true }, CALLER);
      }
      if ((await second.view()).images.size > 0) await second.execute('image.remove', { image: 'sim', force: false, prune: true }, CALLER);
      assert.equal([...world.leftovers(), ...secretsOfRecords(world)], [], where);
      const before = second.log.durableSeq;
      world.abandon();
      const third = await simEngine(world, disk);
      await quiet(third);
      assert.is(third.log.durableSeq, before + 1, where);
      await third.stop('test');
    }
  });
}

test('given an idempotency key, when a command comes again with it, then it is answered as the first time and nothing happens', async () => {
  const { world, engine } = await withImage();
  const first = await engine.execute('container.create', { name: 'once', spec: simSpec() }, { ...CALLER, idem: 'k' });
  const { effects } = world;
  const second = await engine.execute('container.create', { name: 'once', spec: simSpec() }, { ...CALLER, idem: 'k' });
  assert.equal(second, first);
  assert.is(world.effects, effects);
  await engine.stop('test');
});

test('given sealed values, when their command is refused, fails or was answered before, then the vault does not keep them', async () => {
  const { world, engine } = await withImage();
  const create = async (name: string, idem?: string) => {
    const spec = simSpec({ env: await engine.seal(['SECRET=1']) });
    return codeOf(engine.execute('container.create', { name, spec }, idem === undefined ? CALLER : { ...CALLER, idem }));
  };
  assert.is(await create('web', 'k'), 'none');
  assert.is(secretsOfRecords(world).length, 1);
  assert.is(await create('web'), 'CONTAINER_NAME_IN_USE');
  assert.is(await create('web', 'k'), 'none');
  world.effects = 0;
  world.failAt = 2;
  assert.is.not(await create('other'), 'none');
  world.failAt = Number.POSITIVE_INFINITY;
  assert.is(secretsOfRecords(world).length, 1);
  await engine.stop('test');
});

test('given a log that cannot be written, when a command comes, then it is not acknowledged, the engine says that it failed, and nothing is taken back', async () => {
  const { world, disk, engine } = await withImage();
  let failure: ShiplogError | undefined;
  void engine.failed.then((error) => (failure = error));
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  const { effects } = world;
  assert.is(failure, undefined);
  disk.fill();
  assert.is(await codeOf(engine.execute('container.stop', { container: id }, CALLER)), 'LOG_CLOSED');
  assert.is(failure?.code, 'LOG_CLOSED');
  assert.is(await codeOf(engine.execute('container.create', { name: 'next', spec: simSpec() }, CALLER)), 'LOG_CLOSED');
  assert.is(await codeOf(engine.view().then(() => undefined)), 'LOG_CLOSED');
  assert.equal([world.effects, world.processes.get(id)?.state], [effects, 'running']);
});

test('given a past, when a view of it is asked for, then it is the state after that event', async () => {
  const { engine } = await withImage();
  await engine.execute('container.create', { name: 'old', spec: simSpec() }, CALLER);
  const { seq } = await engine.view();
  await engine.execute('container.remove', { container: 'old', force: false, volumes: false }, CALLER);
  assert.is((await engine.view({ seq })).container('old').status, 'created');
  assert.is(await codeOf(engine.view().then((view) => view.container('old'))), 'CONTAINER_NOT_FOUND');
  assert.is(await codeOf(engine.view({ seq: 10_000 })), 'LOG_POSITION_UNKNOWN');
  assert.equal(await engine.stateHash({ seq }), await engine.stateHash({ seq }));
  await engine.stop('test');
});

test('given what a command was given the first time, when it comes with that, then operation and ids are the same again', async () => {
  const { engine } = await withImage();
  const given = { op: 'op-again', ids: ['e'.repeat(64)] };
  const { id } = await engine.execute('container.create', { name: 'again', spec: simSpec() }, CALLER, { given });
  assert.is(id, 'e'.repeat(64));
  const events = (await eventsOf(engine)).filter((event) => event.op === 'op-again').map(({ kind }) => kind);
  assert.equal(events, ['intent', 'meta', 'outcome']);
  // Fewer ids than are needed: the others are fresh.
  await engine.execute('container.start', { container: 'again' }, CALLER, { given: { ids: [] } });
  assert.is((await engine.view()).container('again').status, 'running');
  await engine.stop('test');
});

test('given many commands at the same moment, when their log is decided anew, then each decision is that of the state it came after', async () => {
  const { world, engine } = await withImage();
  const lives = Array.from({ length: 12 }, async (_, number) => {
    const { id } = await engine.execute('container.create', { name: `c${number}`, spec: simSpec() }, CALLER);
    await engine.execute('container.start', { container: id }, CALLER);
    world.exit(id, 1);
    // The engine releases it, and others have wishes of their own meanwhile.
    await Promise.allSettled([
      engine.execute('container.start', { container: id }, CALLER),
      engine.execute('container.restart', { container: id }, CALLER),
      engine.execute('container.rename', { container: id, name: `d${number}` }, CALLER),
      engine.execute('container.remove', { container: id, force: true, volumes: false }, CALLER),
      engine.execute('container.prune', { containers: [id] }, CALLER),
    ]);
  });
  await Promise.all(lives);
  await quiet(engine);
  const state = createState();
  let refusals = 0;
  for (const event of await eventsOf(engine)) {
    if (event.kind === 'intent') {
      const { args, givens, decided } = event.data as IntentData<CommandType>;
      const command = { type: event.type.replace('.requested', ''), args, givens, at: event.t } as Command;
      const again = decide(state, command);
      assert.equal((again.intent.data as IntentData<CommandType>).decided, decided, `${event.seq} ${event.type}`);
      if (!again.ok) refusals += 1;
    }
    evolve(state, event);
  }
  assert.ok(refusals > 0);
  await engine.stop('test');
});

/** Operations without exactly one intent and one outcome. */
function unsettled(events: Awaited<ReturnType<typeof eventsOf>>): string[] {
  const kinds = new Map<string, string[]>();
  for (const event of events)
    if (event.kind === 'intent' || event.kind === 'outcome')
      kinds.set(event.op, [...(kinds.get(event.op) ?? []), `${event.kind} ${event.type}`]);
  return [...kinds.values()]
    .filter((all) => all.length !== 2 || !all[0]?.startsWith('intent') || !all[1]?.startsWith('outcome'))
    .map(String);
}

/** Secrets that go with their containers; callers' keys stay. */
function secretsOfRecords(world: SimWorld): readonly string[] {
  return [...world.secrets.keys()].filter((id) => !id.startsWith('subject:'));
}

/** Resolves when reactors have nothing left to do. */
async function quiet(engine: RunningEngine): Promise<void> {
  let last = -2;
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    const view = await engine.view();
    if (view.seq === last && view.openOperations.size === 0) return;
    last = view.seq;
  }
}

test.run();
