import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { CALLER, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('waiting for containers');

test('given a container that has just ended, when somebody waits for it, then they are not answered before its exit is on disk', async () => {
  const world = new SimWorld();
  const log = await new SimDisk().open();
  const { append, flushed } = log;
  const ended = Promise.withResolvers<void>();
  const written = Promise.withResolvers<void>();
  log.append = (request) => {
    const admitted = append.call(log, request);
    if (request.events.every(({ type }) => type !== 'container.exited')) return admitted;
    ended.resolve();
    return { ...admitted, durable: written.promise.then(() => admitted.durable) };
  };
  const engine = await simEngine(world, { open: async () => log });
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  log.flushed = () => written.promise.then(() => flushed.call(log));
  world.exit(id, 3);
  await ended.promise;
  let isAnswered = false;
  const waiting = engine.wait(id, 'not-running').then((answer) => {
    isAnswered = true;
    return answer;
  });
  // Whoever need not wait for the disk is answered in fewer turns than these.
  for (let turns = 0; turns < 100; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  assert.is(isAnswered, false);
  written.resolve();
  assert.equal(await waiting, { exitCode: 3 });
  await engine.stop('test');
});

test('given a caller who is gone already, when somebody waits for them, then that ends at once', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk());
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const { id } = await engine.execute('container.create', { spec: simSpec() }, CALLER);
  const waited = engine.wait(id, 'next-exit', AbortSignal.abort()).catch((error: unknown) => ShiplogError.wrap(error).code);
  const later = new Promise((resolve) => setImmediate(resolve, 'it goes on'));
  assert.is(await Promise.race([waited, later]), 'CANCELED');
  await engine.stop('test');
});

test.run();
