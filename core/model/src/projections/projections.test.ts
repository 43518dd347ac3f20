import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { givensNeeded } from '../givens-needed.ts';
import { generateName } from '../names/generate-name.ts';
import { claimedPorts } from '../network/ports.ts';
import { created, digestOf, did, given, idOf, imageOf, load, running, specOf } from '../testing/scenario.test.util.ts';
import { shortId } from './short-id.ts';

const test = suite('lookups');
const lan = did('network.create', { name: 'lan', driver: 'bridge', internal: false, options: {}, labels: {} });

test('given containers, when looked up, then full id, name with or without slash, and unique prefix find them', () => {
  const { state } = given(did('container.create', { name: 'web', spec: specOf() }, { givens: { ids: [idOf(0xabc)] } })).world;
  for (const ref of ['web', '/web', idOf(0xabc), '00000abc']) assert.is(state.container(ref).name, 'web');
  assert.throws(
    () => state.container('zz'),
    (error: Error) => error.message === 'No such container: zz',
  );
});

test('given two ids with one beginning, when looked up by it, then it is ambiguous, and a name that looks like it wins', () => {
  const { state } = given(
    did('container.create', { name: 'c1', spec: specOf() }, { givens: { ids: [idOf(0xabc)] } }),
    did('container.create', { name: '00000', spec: specOf() }, { givens: { ids: [idOf(0xabd)] } }),
  ).world;
  assert.throws(
    () => state.container('00000ab'),
    (error: { code?: string }) => error.code === 'REFERENCE_AMBIGUOUS',
  );
  assert.is(state.container('00000').id, idOf(0xabd));
});

test('given a network whose name is the beginning of an id, when looked up, then the name wins', () => {
  const { world } = given();
  const { id } = world.state.network('host');
  world.run('network.create', { name: id.slice(0, 8), driver: 'bridge', internal: false, options: {}, labels: {} });
  assert.is(world.state.network(id.slice(0, 8)).name, id.slice(0, 8));
  assert.is(world.state.network(id.slice(0, 9)).name, 'host');
});

test('given an image, when looked up, then familiar and full names, ids and prefixes find it', () => {
  const { state } = given().world;
  const id = digestOf('busybox');
  for (const ref of ['busybox', 'busybox:latest', 'docker.io/library/busybox', id, id.slice(7), id.slice(7, 15), id.slice(0, 15)]) {
    assert.is(state.image(ref).id, id, ref);
  }
  for (const ref of ['busybox:1', 'UPPER', '', 'sha256:', `busybox@${id}`]) {
    assert.throws(
      () => state.image(ref),
      (error: { code?: string }) => error.code === 'IMAGE_NOT_FOUND',
    );
  }
  assert.is(shortId(id), id.slice(7, 19));
});

test('given a command, when asked what it needs, then ids and ports are counted', () => {
  const { world } = given(
    lan,
    load('db:1', imageOf('db', ['base'], { Cmd: ['x'], Volumes: { '/a': {}, '/b': {} }, ExposedPorts: { '5432/tcp': {} } })),
    created('db1', { image: 'db:1', publishAllPorts: true, endpoints: { lan: {} } }),
  );
  const ask = (...args: Parameters<typeof world.command>) => givensNeeded(world.state, world.command(...args));
  assert.equal(ask('container.create', { spec: specOf({ image: 'db:1' }) }), { ids: 3, ports: 0 });
  assert.equal(ask('container.start', { container: 'db1' }), { ids: 2, ports: 1 });
  assert.equal(ask('container.start', { container: 'nobody' }), { ids: 1, ports: 0 });
  assert.equal(ask('container.kill', { container: 'db1', signal: '' }), { ids: 0, ports: 0 });
});

test('given containers with ports, when claims are listed, then only those that hold them count', () => {
  const ports = [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 80 }] as const;
  const { state } = given(running('c1', { ports }), created('c2', { ports })).world;
  assert.equal(claimedPorts(state), [{ ...ports[0], containerId: state.container('c1').id }]);
  assert.equal(claimedPorts(state, state.container('c1').id), []);
});

test('given an id, when a name is made of it, then it is always the same, and another if that is taken', () => {
  const id = '0123456789abcdef'.repeat(4);
  const first = generateName(id, () => false);
  assert.is(
    generateName(id, () => false),
    first,
  );
  assert.match(first, /^[a-z]+_[a-z]+$/);
  assert.not.equal(
    generateName(id, (name) => name === first),
    first,
  );
  assert.match(
    generateName(id, (name) => !name.endsWith('0123456789ab')),
    /^[a-z]+_[a-z]+_0123456789ab$/,
  );
});

test.run();
