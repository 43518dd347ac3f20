import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { Drivers } from '../ports.ts';
import { CALLER, eventsOf, SimDisk, simEngine, simSpec } from '../testing/sim-engine.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('secrets as drivers are handed them');
const SECRET = 'hunter2-and-more';

/** Drivers that say which verbs were handed what, by `kind.verb`. */
function heard(world: SimWorld): { readonly drivers: Drivers; readonly calls: Map<string, string[]> } {
  const calls = new Map<string, string[]>();
  const plain = world.drivers();
  const told = (kind: string, driver: object): object =>
    new Proxy(driver, {
      get(target, verb, receiver) {
        const value: unknown = Reflect.get(target, verb, receiver);
        if (typeof value !== 'function') return value;
        return (...args: readonly unknown[]): unknown => {
          const name = `${kind}.${String(verb)}`;
          calls.set(name, [...(calls.get(name) ?? []), JSON.stringify(args[0]) ?? '']);
          return Reflect.apply(value, target, args);
        };
      },
    });
  const get = (kind: string, name: string): object => {
    const driver: object = plain.get(kind as 'network', name);
    return ['network', 'volume'].includes(kind) ? told(kind, driver) : driver;
  };
  return { drivers: { get: get as Drivers['get'], list: () => plain.list() }, calls };
}

test('given secrets in the options of a network and a volume, when drivers act on them, then every verb has the values, and the log none', async () => {
  const world = new SimWorld();
  const { drivers, calls } = heard(world);
  const engine = await simEngine(world, new SimDisk(), drivers);
  await engine.execute('image.load', { quiet: true }, CALLER, { body: (async function* () {})() });
  const options = { 'vpn.password': SECRET };
  const common = { driver: 'sim', options, labels: {} };
  const { id } = await engine.execute('network.create', { ...common, name: 'private', internal: false }, CALLER);
  await engine.execute('volume.create', { ...common, name: 'data' }, CALLER);
  const mounts = [{ type: 'volume', source: 'data', target: '/data', readOnly: false }] as const;
  const spec = simSpec({ networkMode: 'private', endpoints: { private: {} }, mounts });
  await engine.execute('container.create', { name: 'web', spec }, CALLER);
  await engine.execute('container.start', { container: 'web' }, CALLER);
  await engine.execute('container.remove', { container: 'web', force: true, volumes: false }, CALLER);
  await engine.execute('network.remove', { network: id }, CALLER);
  await engine.execute('volume.remove', { volume: 'data', force: false }, CALLER);
  const verbs = ['network.createNetwork', 'network.attach', 'network.detach', 'network.removeNetwork'];
  for (const verb of [...verbs, 'volume.create', 'volume.publish', 'volume.unpublish', 'volume.remove']) {
    const given = (calls.get(verb) ?? []).filter((args) => args.includes('vpn.password'));
    assert.ok(given.length > 0, verb);
    for (const args of given) assert.match(args, SECRET, verb);
  }
  assert.not.match(JSON.stringify(await eventsOf(engine)), SECRET);
  await engine.stop('test');
});

test.run();
