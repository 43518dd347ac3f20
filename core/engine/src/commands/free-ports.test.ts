import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Drivers } from '../ports.ts';
import { CALLER, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('free ports');

/** Networks that look for free ports as `look` does. */
function looking(drivers: Drivers, look: (avoid: readonly number[]) => Promise<number>): Drivers {
  const freePorts = async ({ avoid }: { readonly avoid: readonly number[] }) => ({ ports: [await look(avoid)] });
  return {
    list: () => drivers.list(),
    get: (kind, name) => (kind === 'network' ? { ...drivers.get(kind, name), freePorts } : drivers.get(kind, name)),
  };
}

async function started(look: (avoid: readonly number[]) => Promise<number>) {
  const world = new SimWorld();
  const engine = await simEngine(world, new SimDisk(), looking(world.drivers(), look));
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const spec = simSpec({ ports: [{ protocol: 'tcp', hostIp: '', hostPort: 0, containerPort: 80 }] });
  for (const name of ['one', 'two']) await engine.execute('container.create', { name, spec }, CALLER);
  const start = (container: string): Promise<unknown> => engine.execute('container.start', { container }, CALLER);
  return { engine, start };
}

test('given two containers that are started at once, when both are offered the same port, then one of them is offered another', async () => {
  const both = Promise.withResolvers<void>();
  let asked = 0;
  const { engine, start } = await started(async (avoid) => {
    asked += 1;
    if (asked === 2) both.resolve();
    await both.promise;
    return avoid.includes(50_000) ? 50_001 : 50_000;
  });
  await Promise.all([start('one'), start('two')]);
  const view = await engine.view();
  const ports = ['one', 'two'].flatMap((name) => Object.values(view.container(name).endpoints).flatMap((endpoint) => endpoint.ports));
  assert.equal(ports.map(({ hostPort }) => hostPort).toSorted(), [50_000, 50_001]);
  assert.is(asked, 3);
  await engine.stop('test');
});

test('given a driver that offers what it was told to avoid, when a container is started, then it is asked once, and the start is refused', async () => {
  let asked = 0;
  const { engine, start } = await started(async () => {
    asked += 1;
    return 50_000;
  });
  await start('one');
  const error: unknown = await start('two').catch((thrown: unknown) => thrown);
  assert.equal([(error as { readonly code?: string }).code, asked], ['PORT_IN_USE', 2]);
  await engine.stop('test');
});

test('given ports that come with a command, when another container has them, then the start is refused', async () => {
  const { engine, start } = await started(async () => 50_000);
  await start('one');
  const given = { ids: ['b'.repeat(64)], freePorts: [50_000] };
  const error: unknown = await engine
    .execute('container.start', { container: 'two' }, CALLER, { given })
    .catch((thrown: unknown) => thrown);
  assert.is((error as { readonly code?: string }).code, 'PORT_IN_USE');
  await engine.stop('test');
});

test.run();
