import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventType, ShiplogEvent } from '@shiplog/contracts';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('causes: what the engine asks of itself says why');

async function started(autoRemove: boolean) {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { name: 'web', spec: simSpec({ autoRemove }) }, CALLER);
  return { world, disk, engine, id };
}

/** The last event of a type, once it is there. */
async function last(engine: RunningEngine, type: EventType): Promise<ShiplogEvent> {
  for await (const event of engine.log.follow({ from: 0, signal: AbortSignal.timeout(10_000) })) if (event.type === type) return event;
  throw new Error(`no ${type}`);
}

test('given a container that ends by itself, when it is released or removed, then the exit is the cause', async () => {
  for (const [autoRemove, follows] of [
    [false, 'container.release.requested'],
    [true, 'container.remove.requested'],
  ] as const) {
    const { world, engine, id } = await started(autoRemove);
    await engine.execute('container.start', { container: id }, CALLER);
    world.exit(id, 3);
    const intent = await last(engine, follows);
    assert.is(intent.cause, (await last(engine, 'container.exited')).seq);
    assert.is(intent.actor.scheme, 'system');
    await engine.stop('test');
  }
});

test('given a stop, when the container is released after it, then the outcome of the stop is the cause', async () => {
  const { engine, id } = await started(false);
  await engine.execute('container.start', { container: id }, CALLER);
  await engine.execute('container.stop', { container: id }, CALLER);
  const release = await last(engine, 'container.release.requested');
  const stopped = await last(engine, 'container.stop.succeeded');
  assert.is(release.cause, stopped.seq);
  assert.is(stopped.cause, (await last(engine, 'container.stop.requested')).seq);
  await engine.stop('test');
});

test('given a start that fails, when the container removes itself, then the failure is the cause', async () => {
  const { world, engine, id } = await started(true);
  world.effects = 0;
  world.failAt = 3;
  await engine.execute('container.start', { container: id }, CALLER).catch(() => undefined);
  world.failAt = Number.POSITIVE_INFINITY;
  const removal = await last(engine, 'container.remove.requested');
  assert.is(removal.cause, (await last(engine, 'container.start.failed')).seq);
  await engine.stop('test');
});

test('given an engine that was killed, when it recovers, then outcomes name their intents and releases what ended the container', async () => {
  const { world, disk, engine, id } = await started(false);
  await engine.execute('container.start', { container: id }, CALLER);
  world.abandon();
  world.exit(id, 9);
  const again = await simEngine(world, disk);
  const release = await last(again, 'container.release.requested');
  assert.is(release.cause, (await last(again, 'container.exited')).seq);
  for (const event of await eventsOf(again)) {
    if (event.kind === 'outcome' && event.result?.status !== 'refused' && event.cause !== undefined) assert.ok(event.cause < event.seq);
  }
  await again.stop('test');
});

test.run();
