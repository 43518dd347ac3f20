import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { did, given, running } from '../testing/scenario.test.util.ts';
import { addressesOf, nameOfAddress } from './container-names.ts';

const test = suite('names of containers');
const network = (name: string) => did('network.create', { name, driver: 'bridge', internal: false, options: {}, labels: {} });
const on = (name: string, aliases: readonly string[] = []) => ({ networkMode: name, endpoints: { [name]: { aliases } } });

/** web and two named db on lan, one of which is on far, too; loner on far alone. */
const { state } = given(
  network('lan'),
  network('far'),
  running('Web', { ...on('lan'), hostname: 'front' }),
  running('db1', on('lan', ['db'])),
  running('db2', { networkMode: 'lan', endpoints: { lan: { aliases: ['DB'] }, far: {} } }),
  running('loner', on('far')),
  running('plain'),
).world;
const of = (name: string) => state.container(name);
const address = (name: string, on: string) => of(name).endpoints[on]?.ipv4 ?? '';

test('given containers of one network, when a name is asked for, then it is found by name, alias, short id and host name, in any case', () => {
  for (const name of ['web', 'front', of('Web').id.slice(0, 12), 'web.lan'])
    assert.equal(addressesOf(state, of('db1'), name), [address('Web', 'lan')], name);
  assert.equal(addressesOf(state, of('Web'), 'db'), [address('db1', 'lan'), address('db2', 'lan')]);
  assert.equal(addressesOf(state, of('Web'), 'web'), [address('Web', 'lan')], 'itself');
});

test('given links, when an alias is asked for, then it stands for its container, for the one that has the link alone', () => {
  const linked = { networkMode: 'lan', endpoints: { lan: { links: ['db:Store', 'web', 'nobody:none'] } } };
  const { world } = given(network('lan'), running('web', on('lan')), running('db', on('lan')), running('asking', linked));
  const [asking, web, db] = ['asking', 'web', 'db'].map((name) => world.state.container(name));
  assert.ok(asking && web && db);
  assert.equal(addressesOf(world.state, asking, 'store'), [db.endpoints['lan']?.ipv4]);
  assert.equal(addressesOf(world.state, asking, 'web'), [web.endpoints['lan']?.ipv4]);
  assert.is(addressesOf(world.state, asking, 'none'), undefined);
  assert.is(addressesOf(world.state, web, 'store'), undefined);
});

test('given containers of other networks, when they are asked for, then nobody goes by that name', () => {
  assert.is(addressesOf(state, of('Web'), 'loner'), undefined);
  assert.is(addressesOf(state, of('Web'), 'db2.far'), undefined);
  assert.is(addressesOf(state, of('Web'), 'plain'), undefined);
  assert.is(addressesOf(state, of('plain'), 'plain'), undefined, 'the network that is there from the first start has no names');
  assert.is(addressesOf(state, of('Web'), 'lan'), undefined);
});

test('given a container on two networks, when it asks, then it finds those of both; when it is asked for by one, then its address there', () => {
  assert.equal(addressesOf(state, of('db2'), 'loner'), [address('loner', 'far')]);
  assert.equal(addressesOf(state, of('db2'), 'web'), [address('Web', 'lan')]);
  assert.equal(addressesOf(state, of('loner'), 'db2'), [address('db2', 'far')]);
  assert.equal(addressesOf(state, of('db2'), 'db2.far'), [address('db2', 'far')]);
});

test('given an address, when its name is asked for, then it is the container’s with the network’s, on networks of the one that asks', () => {
  assert.is(nameOfAddress(state, of('Web'), address('db1', 'lan')), 'db1.lan');
  assert.is(nameOfAddress(state, of('Web'), address('loner', 'far')), undefined);
  assert.is(nameOfAddress(state, of('Web'), ''), undefined);
});

test('given a container that stopped, when it is asked for, then it has no address', () => {
  const { world } = given(network('lan'), running('web', on('lan')), running('db', on('lan')));
  world.run('container.stop', { container: 'db' });
  world.run('container.release', { container: 'db' });
  assert.is(addressesOf(world.state, world.state.container('web'), 'db'), undefined);
});

test.run();
