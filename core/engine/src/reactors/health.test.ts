import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventOf, HealthcheckSpec } from '@shiplog/contracts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { judged } from './health.ts';

const test = suite('health checks');

const OFTEN = { test: ['CMD', 'look', '--password=canary-9'], interval: 1_000_000, retries: 2 };

async function running(healthcheck: HealthcheckSpec) {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec({ healthcheck }) }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { world, disk, engine, id };
}

/** Ends each probe with the next of the codes, and answers what became known of the health, once that was so many facts. */
async function probed(world: SimWorld, engine: RunningEngine, codes: readonly number[], many: number): Promise<readonly string[]> {
  const left = [...codes];
  const found: string[] = [];
  for await (const event of engine.log.follow({ from: 0, signal: AbortSignal.timeout(60_000) })) {
    if (event.type === 'exec.start.succeeded') {
      const { data } = (await eventsOf(engine)).find(
        ({ op, kind }) => op === event.op && kind === 'intent',
      ) as EventOf<'exec.start.requested'>;
      const code = left.shift();
      if (data.decided !== null && code !== undefined) world.exitExec(data.decided.containerId, data.decided.id, code);
    }
    if (event.type === 'container.health') found.push(`${event.data.status} ${event.data.failingStreak}`);
    if (found.length === many) return found;
  }
  throw new Error(`only ${found.join(', ')}`);
}

test('given a check, when probes succeed and fail, then each change is a fact, no password is in the log, and a success mends all', async () => {
  const { world, engine, id } = await running(OFTEN);
  assert.equal((await engine.view()).container(id).health, { status: 'starting', failingStreak: 0 });
  const facts = await probed(world, engine, [0, 0, 1, 1, 0], 4);
  assert.equal(facts, ['healthy 0', 'healthy 1', 'unhealthy 2', 'healthy 0']);
  assert.equal((await engine.view()).container(id).health, { status: 'healthy', failingStreak: 0 });
  const events = await eventsOf(engine);
  assert.not.match(JSON.stringify(events), 'canary-9');
  assert.equal(events.find(({ type }) => type === 'exec.create.requested')?.actor, { scheme: 'system', reason: 'health' });
  await engine.stop('test');
});

test('given a probe that takes too long, when its time is over, then it is killed and has failed', async () => {
  const { world, engine } = await running({ ...OFTEN, timeout: 1_000_000, retries: 1 });
  assert.equal(await probed(world, engine, [], 1), ['unhealthy 1']);
  assert.equal((await eventsOf(engine)).flatMap((event) => (event.type === 'exec.exited' ? [event.data.exitCode] : [])).slice(0, 1), [137]);
  await engine.stop('test');
});

test('given a container that ends, when time goes on, then it is asked no more; one that runs is asked by the next engine', async () => {
  const { world, disk, engine, id } = await running(OFTEN);
  await probed(world, engine, [0], 1);
  world.abandon();
  const second = await simEngine(world, disk);
  assert.equal(await probed(world, second, [0, 1], 2), ['healthy 0', 'healthy 1']);
  await second.execute('container.stop', { container: id }, CALLER);
  const probes = async (): Promise<number> => (await eventsOf(second)).filter(({ type }) => type === 'exec.create.requested').length;
  const before = await probes();
  // A hundred times as long as between two probes.
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.ok((await probes()) <= before + 1);
  // The first was killed, and yet its timers live on in this process.
  await Promise.all([engine.stop('test'), second.stop('test')]);
});

test('given a time to start in, when probes fail meanwhile, then that does not count, and a success does', () => {
  const starting = { status: 'starting', failingStreak: 0 } as const;
  assert.equal(judged(starting, false, true, 1), starting);
  assert.equal(judged(starting, true, true, 1), { status: 'healthy', failingStreak: 0 });
  assert.equal(judged(starting, false, false, 2), { status: 'starting', failingStreak: 1 });
  assert.equal(judged({ status: 'starting', failingStreak: 1 }, false, false, 2), { status: 'unhealthy', failingStreak: 2 });
});

test.run();
