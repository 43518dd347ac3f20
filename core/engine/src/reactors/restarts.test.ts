import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ContainerSpec } from '@shiplog/contracts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('restarts');

async function running(policy: ContainerSpec['restart']['policy'], maxRetries = 0) {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const spec = simSpec({ restart: { policy, maxRetries } });
  const { id } = await engine.execute('container.create', { name: 'web', spec }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { world, disk, engine, id };
}

/** Resolves when the container has been started so many times, by whomever. */
async function starts(engine: RunningEngine, many: number): Promise<void> {
  let count = 0;
  for await (const { type } of engine.log.follow({ from: 0, signal: AbortSignal.timeout(60_000) }))
    if (type === 'container.start.succeeded' && (count += 1) === many) return;
  throw new Error(`only ${count} starts`);
}

test('given a policy, when the process ends, then it is started again by the policy because of its end, and has all it had', async () => {
  const { world, engine, id } = await running('always');
  const before = world.leftovers();
  world.exit(id, 1);
  await starts(engine, 2);
  const web = (await engine.view()).container(id);
  assert.equal([web.status, web.restartCount], ['running', 1]);
  assert.equal(world.leftovers().length, before.length);
  const events = await eventsOf(engine);
  const start = events.findLast(({ type }) => type === 'container.start.requested');
  assert.equal(start?.actor, { scheme: 'system', reason: 'restart-policy' });
  assert.is(events.find(({ seq }) => seq === start?.cause)?.type, 'container.exited');
  await engine.stop('test');
});

test('given at most one try, when it fails twice, then it stays down', async () => {
  const { world, engine, id } = await running('on-failure', 1);
  world.exit(id, 1);
  await starts(engine, 2);
  const down = engine.wait(id, 'next-exit');
  world.exit(id, 7);
  assert.equal(await down, { exitCode: 7 });
  assert.is((await engine.view()).container(id).status, 'exited');
  await engine.stop('test');
});

test('given one that waits to be started again, when it is stopped, then it waits no more', async () => {
  const { world, engine, id } = await running('always');
  const down = engine.wait(id, 'next-exit');
  world.exit(id, 3);
  await down;
  // It may just have been started again; then this ends it.
  await engine.execute('container.stop', { container: id }, CALLER);
  // Much longer than it would have waited.
  await new Promise((resolve) => setTimeout(resolve, 500));
  const types = (await eventsOf(engine)).map(({ type }) => type);
  assert.not.ok(types.slice(types.lastIndexOf('container.stop.succeeded')).includes('container.start.requested'));
  assert.is((await engine.view()).container(id).status, 'exited');
  await engine.stop('test');
});

for (const [policy, stopped, expected] of [
  ['always', false, 2],
  ['always', true, 2],
  ['unless-stopped', false, 2],
  ['unless-stopped', true, 1],
] as const) {
  test(`given ${policy}, when the engine is killed and the container ${stopped ? 'was stopped' : 'ended meanwhile'}, then the next engine ${expected === 2 ? 'starts it' : 'lets it be'}`, async () => {
    const { world, disk, engine, id } = await running(policy);
    if (stopped) await engine.execute('container.stop', { container: id }, CALLER);
    world.abandon();
    if (!stopped) world.exit(id, 1);
    const second = await simEngine(world, disk);
    if (expected === 2) await starts(second, 2);
    assert.is((await second.view()).container(id).status, expected === 2 ? 'running' : 'exited');
    const events = await eventsOf(second);
    const start = events.findLast(({ type }) => type === 'container.start.requested');
    // An end that nobody saw is found when the engine starts, and is why it is started; one that was known before is not.
    if (expected === 2) assert.is(events[start?.cause ?? -1]?.type, stopped ? 'engine.started' : 'container.exited');
    assert.is(start?.cause === undefined, expected === 1);
    await second.stop('test');
  });
}

test.run();
