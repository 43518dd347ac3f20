import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Authorizer, Builder, BuildHost, CommandArgs, DriverInfo } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { withAuthorizer } from '../testing/with-authorizer.ts';

const test = suite('builds');

/** Deadlines alone do not keep a process. */
const alive = setInterval(() => undefined, 1000);
test.after(() => clearInterval(alive));

const BUILD: CommandArgs['image.build'] = {
  dockerfile: 'Dockerfile',
  tags: ['built:1'],
  labels: {},
  buildArgs: ['A'],
  noCache: false,
  pull: false,
  remove: true,
  forceRemove: false,
  containers: { networkMode: 'none', shmSizeBytes: 1, ulimits: [], resources: {}, extraHosts: [] },
};

async function* nothing(): AsyncGenerator<Uint8Array> {}

/** The simulated world with a builder that does what a test says. */
function builtBy(world: SimWorld, build: (host: BuildHost, args: object) => Promise<void>): Drivers {
  const drivers = world.drivers();
  const builder: Builder = {
    async build({ buildArgs, tags }, host) {
      await build(host, buildArgs);
      const base = await host.image('sim');
      if (base === undefined) throw new Error('the world has no image');
      for (const tag of tags) await host.tag(base.id, tag);
      return { image: base.id, dockerfile: 'd' };
    },
  };
  const log: DriverInfo = { kind: 'log', name: 'none', capabilities: {}, needs: {}, doc: '', plugin: 'sim', probe: { usable: true } };
  return {
    get: (kind, name) => (kind === 'builder' ? (builder as never) : drivers.get(kind, name)),
    list: () => [...drivers.list(), log],
  };
}

/** What is left of the world that no image has. */
function leftOf(world: SimWorld): readonly string[] {
  return [...world.things].filter((thing) => thing.startsWith('storage:') && !thing.includes('sha256:'));
}

test('given a build, when it does something, then each command names it as its cause, and values of arguments are in no event', async () => {
  const world = new SimWorld();
  const seen: object[] = [];
  const drivers = builtBy(world, async (host, args) => {
    seen.push(args);
    const base = await host.image('sim');
    const container = await host.create({ image: base!.id, env: ['A=nobody-else'] });
    await host.remove(container);
    await host.remove(container);
  });
  const engine = await simEngine(world, new SimDisk(), drivers);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  const { tags } = await engine.execute('image.build', BUILD, CALLER, { body: nothing(), buildArgs: { A: 'nobody-else' } });
  assert.equal([tags, seen], [['built:1'], [{ A: 'nobody-else' }]]);
  const events = await eventsOf(engine);
  const intent = events.find(({ type }) => type === 'image.build.requested');
  assert.equal(
    events.filter(({ cause, kind }) => cause === intent?.seq && kind === 'intent').map(({ type, corr }) => [type, corr]),
    ['container.create', 'container.remove', 'image.tag'].map((verb) => [`${verb}.requested`, intent?.corr]),
  );
  assert.not.match(JSON.stringify(events), 'nobody-else');
  assert.equal(leftOf(world), []);
  await engine.stop('test');
});

test('given an authorizer, when a build does something, then it is judged as its caller’s, and a denial ends the build', async () => {
  const asked: string[] = [];
  const authorizer: Authorizer = {
    async authorize({ type, actor }) {
      asked.push(`${type} ${(actor as { uid?: number }).uid}`);
      return type === 'container.create' ? { effect: 'deny', rule: 'no-containers', reason: 'not here' } : { effect: 'allow' };
    },
  };
  const world = new SimWorld();
  const drivers = builtBy(world, async (host) => {
    await host.create({ image: (await host.image('sim'))!.id });
  });
  const engine = await simEngine(world, new SimDisk(), withAuthorizer(drivers, authorizer));
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  assert.is(await codeOf(engine.execute('image.build', BUILD, CALLER, { body: nothing() })), 'REQUEST_DENIED');
  assert.equal(asked, ['image.load 1000', 'image.build 1000', 'container.create 1000']);
  assert.equal([(await engine.view()).containers.size, leftOf(world)], [0, []]);
  await engine.stop('test');
});

test('given a build under way, when its engine is gone, then the next one removes what it made, and a third finds nothing', async () => {
  const world = new SimWorld();
  const disk = new SimDisk();
  const { promise: made, resolve } = Promise.withResolvers<void>();
  const drivers = builtBy(world, async (host) => {
    await host.create({ image: (await host.image('sim'))!.id });
    resolve();
    await new Promise(() => undefined);
  });
  const first = await simEngine(world, disk, drivers);
  await first.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  void first.execute('image.build', BUILD, CALLER, { body: nothing() });
  await made;
  assert.is.not(leftOf(world).length, 0);
  world.abandon();
  const second = await simEngine(world, disk, drivers);
  const outcome = (await eventsOf(second)).find(({ type }) => type === 'image.build.failed');
  assert.equal([outcome?.result?.status, outcome?.result?.error?.code], ['failed', 'CANCELED']);
  assert.equal([(await second.view()).containers.size, leftOf(world)], [0, []]);
  const { seq } = await second.view();
  world.abandon();
  const third = await simEngine(world, disk, drivers);
  assert.equal(
    (await eventsOf(third)).filter((event) => event.seq > seq).map(({ type }) => type),
    ['engine.started'],
  );
  await third.stop('test');
});

test.run();
