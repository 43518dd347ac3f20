import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { comesToEnd, SimWorld } from '../testing/sim-world.ts';

const test = suite('recovery: how long what was cut off took');

/** What the outcome says of a start that an engine was killed in, once `meanwhile` was. */
async function cutOff(meanwhile: (world: SimWorld) => void): Promise<number | undefined> {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec() }, CALLER);
  world.effects = 0;
  world.dieAt = 2;
  assert.is(await comesToEnd(world, 2, engine.execute('container.start', { container: id }, CALLER)), false);
  world.abandon();
  meanwhile(world);
  const again = await simEngine(world, disk);
  const outcome = (await eventsOf(again)).find(
    ({ type, actor }) => type.startsWith('container.start.') && 'reason' in actor && actor.reason === 'recovery',
  );
  assert.is(outcome?.kind, 'outcome');
  await again.stop('test');
  return outcome?.result?.ms;
}

test('given an engine that was killed, when it is back, then the outcome counts from the intent, by the clock that nobody sets', async () => {
  const ms = await cutOff(({ clocks }) => {
    clocks.mono += 90_000_250_000n;
    clocks.now -= 500n;
  });
  assert.is(ms, 90_000.25);
});

test('given a reboot, when the engine is back, then the outcome counts by the wall clock, and never less than nothing', async () => {
  const rebooted = (now: bigint) =>
    cutOff((world) => {
      Object.assign(world, { bootId: 'boot-2' });
      Object.assign(world.clocks, { now, mono: 7n });
    });
  assert.is(await rebooted(3_600_000_001_000n), 3_600_000);
  assert.is(await rebooted(5n), 0);
});

test.run();
