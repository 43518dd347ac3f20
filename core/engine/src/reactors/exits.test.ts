import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { ProcessExit } from '@shiplog/contracts';
import type { Drivers } from '../ports.ts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('exits');

/** A world whose runtime tells each exit as often as `exits` does. */
async function running(exits: (told: AsyncIterable<ProcessExit>) => AsyncIterable<ProcessExit>) {
  const world = new SimWorld();
  const drivers = world.drivers();
  const telling: Drivers = {
    list: () => drivers.list(),
    get(kind, name) {
      const driver = drivers.get(kind, name);
      if (kind !== 'runtime') return driver;
      const runtime = drivers.get('runtime', name);
      return { ...driver, exits: (signal: AbortSignal) => exits(runtime.exits(signal)) };
    },
  };
  const engine = await simEngine(world, new SimDisk(), telling);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  return { world, engine, id };
}

const codes = async (engine: RunningEngine): Promise<readonly number[]> =>
  (await eventsOf(engine)).flatMap((event) => (event.type === 'container.exited' ? event.data.exitCode : []));

test('given an exit that is told twice, when its container is being restarted, then it is one fact, and the new process runs on', async () => {
  const { engine, world, id } = await running(async function* (told) {
    for await (const exit of told) yield* [exit, exit];
  });
  await engine.execute('container.restart', { container: id }, CALLER);
  // Told after it, and known to be over when this one is.
  world.exit(id, 7);
  assert.equal(await engine.wait(id, 'not-running'), { exitCode: 7 });
  assert.equal(await codes(engine), [143, 7]);
  await engine.stop('test');
});

test('given an exit that is told once more when its container runs again, then that is no end of it', async () => {
  const told = Promise.withResolvers<ProcessExit>();
  const later = Promise.withResolvers<void>();
  const over = Promise.withResolvers<void>();
  const { engine, world, id } = await running(async function* (exits) {
    for await (const exit of exits) {
      yield exit;
      told.resolve(exit);
      await later.promise;
      yield exit;
      over.resolve();
    }
  });
  world.clocks.now += 1000n;
  await engine.execute('container.restart', { container: id }, CALLER);
  later.resolve();
  await over.promise;
  world.exit(id, 7);
  assert.equal(await engine.wait(id, 'not-running'), { exitCode: 7 });
  assert.equal([(await told.promise).exitCode, ...(await codes(engine))], [143, 143, 7]);
  await engine.stop('test');
});

test.run();
