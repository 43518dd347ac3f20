import { join } from 'node:path';
import { openLevelLog } from '@shiplog/event-log';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventLog, EventOf, HealthcheckSpec, ProbeResults } from '@shiplog/contracts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';
import { judged } from './health.ts';

const test = suite('health checks');

const OFTEN = { test: ['CMD', 'look', '--password=canary-9'], interval: 1_000_000, retries: 2 };

/** A host whose probes end at once, with the next of `codes`; 0 when there is none left, and `hang` runs on. */
class ProbedWorld extends SimWorld {
  readonly codes: (number | 'hang')[];
  probes = 0;

  constructor(codes: readonly (number | 'hang')[] = []) {
    super();
    this.codes = [...codes];
    this.behaviour.execStarted = (container, exec) => {
      this.probes += 1;
      const code = this.codes.shift() ?? 0;
      if (code !== 'hang') queueMicrotask(() => this.exitExec(container, exec, code));
    };
  }
}

async function running(world: ProbedWorld, healthcheck: HealthcheckSpec = OFTEN, disk: Pick<SimDisk, 'open'> = new SimDisk()) {
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec({ healthcheck }) }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { disk, engine, id };
}

async function until<T>(look: () => T | undefined | false | Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + 60_000; Date.now() < end; await new Promise((resolve) => setTimeout(resolve, 2))) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error('it did not come to be so within 60 s');
}

const results = (engine: RunningEngine, id: string, many: number): Promise<ProbeResults> =>
  until(() => ((engine.probes(id)?.last.length ?? 0) >= many ? engine.probes(id) : undefined));

const healthIn = async (engine: RunningEngine): Promise<readonly EventOf<'container.health'>[]> =>
  (await eventsOf(engine)).filter((event) => event.type === 'container.health');

test('given a check, when probes succeed and fail, then what changes its health is a fact with the start as its cause, and nothing else is', async () => {
  const world = new ProbedWorld([0, 1, 0, 1, 1, 1, 0]);
  const { engine, id } = await running(world);
  await until(() => world.probes >= 8);
  assert.is((await engine.view()).container(id).health?.status, 'healthy');
  const facts = await healthIn(engine);
  assert.equal(
    facts.map(({ data: { was, status, failingStreak, exitCode } }) => [was, status, failingStreak, exitCode]),
    [
      ['starting', 'healthy', 0, 0],
      ['healthy', 'unhealthy', 2, 1],
      ['unhealthy', 'healthy', 0, 0],
    ],
  );
  const events = await eventsOf(engine);
  const start = events.find(({ type }) => type === 'container.start.succeeded');
  assert.equal(
    facts.map(({ cause }) => cause),
    [start?.seq, start?.seq, start?.seq],
  );
  assert.equal(facts[0]?.actor, { scheme: 'system', reason: 'health' });
  assert.is(events.filter(({ type }) => type.startsWith('exec.')).length, 0);
  await engine.stop('test');
});

test('given a start of a container with a check, when it is recorded, then its intent has the check, and no password', async () => {
  const { engine } = await running(new ProbedWorld());
  const events = await eventsOf(engine);
  const intent = events.find((event) => event.type === 'container.start.requested');
  const { command, ...check } = intent?.data.decided?.healthcheck ?? {};
  assert.equal(check, { intervalMs: 1, timeoutMs: 30_000, startPeriodMs: 0, startIntervalMs: 5000, retries: 2 });
  assert.is(command?.[0], 'look');
  assert.not.match(JSON.stringify(events), 'canary-9');
  await engine.stop('test');
});

test('given a healthy container, when 100 more probes find it so, then no event comes of them', async () => {
  const world = new ProbedWorld();
  const { engine } = await running(world);
  await until(async () => (await healthIn(engine)).length === 1);
  const { probes } = world;
  const before = (await eventsOf(engine)).length;
  await until(() => world.probes >= probes + 100);
  assert.is((await eventsOf(engine)).length, before);
  assert.is((await engine.view()).openOperations.size, 0);
  await engine.stop('test');
});

test('given an unhealthy container, when 100 more probes fail, then no event comes of them, and the streak is known', async () => {
  const world = new ProbedWorld(Array.from({ length: 300 }, () => 3));
  const { engine, id } = await running(world);
  await until(() => world.probes >= 102);
  assert.equal(
    (await healthIn(engine)).map(({ data }) => data.status),
    ['unhealthy'],
  );
  assert.ok((engine.probes(id)?.failingStreak ?? 0) >= 100);
  assert.is((await engine.view()).container(id).health?.failingStreak, 2);
  await engine.stop('test');
});

test('given more than five probes, when their results are asked for, then the last five are there, of one more of each the newest last', async () => {
  const world = new ProbedWorld([4, 5, 6, 7, 8, 9, 10]);
  const { engine, id } = await running(world, { ...OFTEN, retries: 50 });
  const { last } = await until(() => (engine.probes(id)?.last.some(({ exitCode }) => exitCode === 10) ? engine.probes(id) : undefined));
  const codes = last.map(({ exitCode }) => exitCode);
  assert.is(codes.length, 5);
  assert.equal(codes.slice(0, codes.indexOf(10) + 1), [6, 7, 8, 9, 10].slice(-codes.indexOf(10) - 1));
  await engine.stop('test');
});

test("given a probe that takes too long, when its time is over, then it is gone and has failed, in Docker's words", async () => {
  const world = new ProbedWorld(['hang']);
  const { engine, id } = await running(world, { ...OFTEN, timeout: 1_500_000_000, retries: 1 });
  const [result] = (await results(engine, id, 1)).last;
  assert.is(result?.exitCode, -1);
  assert.is(result?.output, 'Health check exceeded timeout (1.5s)');
  assert.equal(
    (await healthIn(engine)).slice(0, 1).map(({ data }) => [data.status, data.exitCode]),
    [['unhealthy', -1]],
  );
  await engine.stop('test');
  assert.is(world.execs.size, 0);
});

test('given a container that is paused or stopped, when a probe is under way, then it ends without a result, and none follows', async () => {
  const world = new ProbedWorld(['hang', 'hang']);
  const { engine, id } = await running(world);
  await until(() => world.probes === 1);
  await engine.execute('container.pause', { container: id }, CALLER);
  await until(() => world.execs.size === 0);
  // Fifty times as long as between two probes.
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(world.probes, 1);
  await engine.execute('container.unpause', { container: id }, CALLER);
  await until(() => world.probes === 2);
  await engine.execute('container.stop', { container: id }, CALLER);
  await until(() => world.execs.size === 0);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.is(world.probes, 2);
  assert.is(engine.probes(id), undefined);
  assert.equal(await healthIn(engine), []);
  await engine.stop('test');
});

test('given a container whose start was pruned, when the next engine finds it ill, then that is a fact, without a cause', async () => {
  await using temporary = await temporaryDirectory();
  let log: EventLog | undefined;
  const disk = {
    open: async () => (log = await openLevelLog({ directory: join(temporary.path, 'log'), boot: 'boot-1', inst: 'inst' })),
  };
  const world = new ProbedWorld();
  const { engine, id } = await running(world, OFTEN, disk);
  await until(async () => (await engine.view()).container(id).health?.status === 'healthy');
  for (let number = 0; number < 30; number += 1)
    await engine.execute('image.tag', { image: 'sim:latest', reference: `sim:${number}` }, CALLER);
  await engine.execute('log.prune', { before: engine.log.durableSeq }, CALLER);
  const { firstSeq } = engine.log;
  assert.ok(firstSeq > 20, `${firstSeq}`);
  await engine.stop('test');
  await log?.close();
  world.codes.push(1, 1);
  const next = await simEngine(world, disk);
  const [ill] = await until(async () => {
    const found = (await healthIn(next)).filter(({ data }) => data.status === 'unhealthy');
    return found.length > 0 && found;
  });
  assert.is(ill?.cause, undefined);
  await next.stop('test');
  await log?.close();
});

test('given a container that ends while its start is looked for, when a probe had found it ill, then nothing is told of its health after its end', async () => {
  const world = new ProbedWorld();
  const { engine, disk, id } = await running(world);
  await until(async () => (await engine.view()).container(id).health?.status === 'healthy');
  await engine.stop('test');
  let log: EventLog | undefined;
  const next = await simEngine(world, { open: async () => (log = await disk.open()) });
  assert.ok(log);
  const { readStream } = log;
  const looked = Promise.withResolvers<void>();
  log.readStream = async function* (...asked) {
    world.exit(id, 0);
    await until(async () => (await next.view()).container(id).process === undefined);
    yield* readStream.apply(log as EventLog, asked);
    looked.resolve();
  };
  world.codes.push(1, 1);
  await looked.promise;
  await next.stop('test');
  const types = (await eventsOf(next)).map(({ type }) => type);
  assert.ok(types.lastIndexOf('container.health') < types.indexOf('container.exited'), types.join());
});

test('given an engine that is killed in the middle of a probe, when the next one starts, then it ends that, keeps the status and goes on, by the same start', async () => {
  const world = new ProbedWorld([0, 'hang']);
  const { engine, disk, id } = await running(world);
  await until(() => world.probes === 2);
  assert.is(world.execs.size, 1);
  world.abandon();
  const next = await simEngine(world, disk);
  assert.is(next.probes(id), undefined);
  assert.is((await next.view()).container(id).health?.status, 'healthy');
  await results(next, id, 1);
  assert.equal(
    (await healthIn(next)).map(({ data }) => data.status),
    ['healthy'],
  );
  world.codes.push(1, 1);
  const changes = await until(async () => {
    const found = await healthIn(next);
    return found.length >= 3 && found;
  });
  assert.equal(changes.map(({ data }) => data.status).slice(0, 3), ['healthy', 'unhealthy', 'healthy']);
  const start = (await eventsOf(next)).find(({ type }) => type === 'container.start.succeeded');
  assert.equal([...new Set(changes.map(({ cause }) => cause))], [start?.seq]);
  // The first one's timers live on in this process.
  await Promise.all([engine.stop('test'), next.stop('test')]);
  assert.is(world.execs.size, 0);
});

test('given an engine that is killed before or after any effect of a probe, when the next one starts, then it goes on, and the end leaves nothing', async () => {
  // Three probes, each of which is made, let run and forgotten.
  for (let effect = 1; effect <= 9; effect += 1) {
    for (const after of [false, true]) {
      const world = new ProbedWorld([0, 1, 0]);
      const { disk, id } = await running(world);
      Object.assign(world, { effects: 0, dieAt: effect, dieAfter: after });
      await until(() => world.effects >= effect);
      world.abandon();
      const next = await simEngine(world, disk);
      await results(next, id, 1);
      await until(async () => (await next.view()).container(id).health?.status === 'healthy');
      await next.execute('container.stop', { container: id }, CALLER);
      await next.stop('test');
      assert.is(world.execs.size, 0, `effect ${effect}`);
      assert.not((await eventsOf(next)).some(({ type }) => type.startsWith('exec.') || type === 'host.drifted'));
    }
  }
});

test('given a container that is removed, when its results are asked for, then they went with it', async () => {
  const world = new ProbedWorld();
  const { engine, id } = await running(world);
  await results(engine, id, 1);
  await engine.execute('container.remove', { container: id, force: true, volumes: false }, CALLER);
  assert.throws(() => engine.probes(id));
  await engine.stop('test');
});

test('given a time to start in, when probes fail meanwhile, then that does not count, and a success does', () => {
  const starting = { status: 'starting', failingStreak: 0 } as const;
  assert.equal(judged(starting, false, true, 1), starting);
  assert.equal(judged(starting, true, true, 1), { status: 'healthy', failingStreak: 0 });
  assert.equal(judged(starting, false, false, 2), { status: 'starting', failingStreak: 1 });
  assert.equal(judged({ status: 'starting', failingStreak: 1 }, false, false, 2), { status: 'unhealthy', failingStreak: 2 });
});

test.run();
