import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('kill');

/** A container that runs, whose process ends of no signal before `end` is called. */
async function stubborn(restart: 'no' | 'always') {
  const world = new SimWorld();
  const killed = Promise.withResolvers<void>();
  world.behaviour.signalled = () => killed.resolve();
  const engine = await simEngine(world, new SimDisk());
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const spec = simSpec({ restart: { policy: restart, maxRetries: 0 } });
  const { id } = await engine.execute('container.create', { name: 'web', spec }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { engine, id, killed: killed.promise, end: () => world.exit(id, 137) };
}

const kill = (engine: RunningEngine, signal: string): Promise<unknown> =>
  engine.execute('container.kill', { container: 'web', signal }, CALLER);

test('given a process that takes its time to go, when it is killed, then the kill has ended when its exit is on record, and it can be removed', async () => {
  const { engine, id, killed, end } = await stubborn('no');
  const types: string[] = [];
  const killing = kill(engine, 'KILL');
  await killed;
  end();
  await killing;
  for (const { type } of await eventsOf(engine)) types.push(type);
  assert.ok(types.indexOf('container.exited') < types.indexOf('container.kill.succeeded'), types.join());
  await engine.execute('container.remove', { container: id, force: false, volumes: true }, CALLER);
  await engine.stop('test');
});

test('given a container that is to be always up, when it is killed, then it stays down', async () => {
  const { engine, id, killed, end } = await stubborn('always');
  const killing = kill(engine, 'KILL');
  await killed;
  end();
  await killing;
  assert.is((await engine.view()).container(id).status, 'exited');
  await engine.stop('test');
});

test('given another signal, when it is sent, then nobody waits for what comes of it', async () => {
  const { engine, id } = await stubborn('no');
  await kill(engine, 'HUP');
  assert.is((await engine.view()).container(id).status, 'running');
  await engine.stop('test');
});

test.run();
