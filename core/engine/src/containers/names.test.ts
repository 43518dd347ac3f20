import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { NameServer, NameSource } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { Drivers } from '../ports.ts';
import { CALLER, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('names in containers');

async function* nothing(): AsyncIterable<Uint8Array> {}

/** A name server that only remembers whom it serves. */
class Remembering implements NameServer {
  readonly served = new Map<string, { readonly sandbox: string; readonly source: NameSource }>();
  refuses = false;

  async serve(container: string, sandbox: string, source: NameSource): Promise<void> {
    if (this.refuses) throw new Error('no');
    this.served.set(container, { sandbox, source });
  }

  async end(container: string): Promise<void> {
    this.served.delete(container);
  }
}

function withNames(drivers: Drivers, server: NameServer): Drivers {
  return {
    get: (kind, name) => (kind === 'name-server' ? (server as never) : drivers.get(kind, name)),
    list: () => drivers.list(),
  };
}

async function engineWith(server: Remembering) {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk, withNames(world.drivers(), server));
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  for (const [name, internal] of [
    ['lan', false],
    ['closed', true],
  ] as const)
    await engine.execute('network.create', { name, driver: 'bridge', internal, options: {}, labels: {} }, CALLER);
  const run = async (name: string, networkMode: string, more = {}): Promise<string> => {
    const { id } = await engine.execute('container.create', { name, spec: simSpec({ networkMode, ...more }) }, CALLER);
    await engine.execute('container.start', { container: id }, CALLER);
    return id;
  };
  return { world, disk, engine, run };
}

test('given containers, when they start, then those on networks that a user made are served until they are released', async () => {
  const server = new Remembering();
  const { engine, run } = await engineWith(server);
  const web = await run('web', 'lan');
  await run('plain', 'bridge');
  await run('host', 'host');
  const joined = await run('joined', `container:${web}`);
  assert.equal([...server.served.keys()], [web]);
  assert.is(server.served.get(web)?.sandbox, `/run/netns/${web}`);
  assert.equal(server.served.get(web)?.source.addressesOf('web'), [(await engine.view()).container('web').endpoints['lan']?.ipv4]);
  await engine.execute('container.remove', { container: joined, force: true, volumes: false }, CALLER);
  assert.equal([...server.served.keys()], [web]);
  await engine.execute('container.remove', { container: web, force: true, volumes: false }, CALLER);
  assert.is(server.served.size, 0);
  await engine.stop('test');
});

test('given a running container, when it is connected to a network that a user made, then it is served', async () => {
  const server = new Remembering();
  const { engine, run } = await engineWith(server);
  const plain = await run('plain', 'bridge');
  await engine.execute('network.connect', { network: 'lan', container: plain, endpoint: {} }, CALLER);
  assert.equal([...server.served.keys()], [plain]);
  await engine.stop('test');
});

test('given a name server that fails, when a container starts, then the start fails and nothing of it stays', async () => {
  const server = new Remembering();
  const { world, engine, run } = await engineWith(server);
  const before = world.leftovers();
  server.refuses = true;
  assert.is(await codeOf(run('web', 'lan')), 'INTERNAL');
  assert.is((await engine.view()).container('web').active, false);
  await engine.execute('container.remove', { container: 'web', force: true, volumes: false }, CALLER);
  assert.equal(world.leftovers(), before);
  await engine.stop('test');
});

test('given an engine that was killed, when it starts again, then it serves those that run', async () => {
  const { world, disk, run } = await engineWith(new Remembering());
  const web = await run('web', 'lan');
  await run('plain', 'bridge');
  const server = new Remembering();
  const again = await simEngine(world, disk, withNames(world.drivers(), server));
  assert.equal([...server.served.keys()], [web]);
  await again.stop('test');
});

test('given internal networks alone, when other names are asked for, then nobody is asked; else those whom the container names', async () => {
  const server = new Remembering();
  const { engine, run } = await engineWith(server);
  const inside = await run('inside', 'closed', { dns: ['192.0.2.53'] });
  const outside = await run('outside', 'lan', { dns: ['192.0.2.53'] });
  const both = await run('both', 'closed', { dns: ['192.0.2.53'], endpoints: { closed: {}, lan: {} } });
  const upstream = (id: string) => server.served.get(id)?.source.upstream();
  assert.equal(await upstream(inside), []);
  assert.equal(await upstream(outside), ['192.0.2.53']);
  assert.equal(await upstream(both), ['192.0.2.53']);
  await engine.stop('test');
  assert.equal(await upstream(outside), ['192.0.2.53']);
});

test.run();
