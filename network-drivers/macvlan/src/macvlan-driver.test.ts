import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel, createTestServices } from '@shiplog/driver-kit/testing';
import { MacvlanDriver, macvlanKind } from './macvlan-driver.ts';

const ID = '0123456789abcdef'.repeat(4);
/** Nothing is written here: networks alone are made. */
const HOME = { stateDir: '/nonexistent', runDir: '/nonexistent' };
const ctx = createContext({ op: 'test', signal: new AbortController().signal });

function network(id: string, parent: string): Parameters<NetworkDriver['createNetwork']>[0]['network'] {
  return { id, name: 'n', subnet: '198.18.7.0/24', gateway: '198.18.7.1', internal: false, options: { parent } };
}

const test = suite('network-macvlan: options and VLANs');

test('given modes, when they are read, then the four of the kernel are known', () => {
  assert.equal(macvlanKind({}), { kind: 'macvlan', mode: 'bridge' });
  for (const mode of ['bridge', 'private', 'vepa', 'passthru'])
    assert.equal(macvlanKind({ macvlan_mode: mode }), { kind: 'macvlan', mode });
  assert.throws(
    () => macvlanKind({ macvlan_mode: 'l2' }),
    (error: unknown) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID',
  );
});

test('given eth0 and no eth0.50, when a network wants it as its parent, then it is VLAN 50, marked, and goes with the network', async () => {
  const kernel = createRecordingKernel();
  await kernel.links.createVeth('eth0', { name: 'far0' });
  const services = createTestServices({ kernel, engineId: 'aaaaaaaaaaaa', ...HOME });
  const driver = new MacvlanDriver(services.kernel, services.home);
  const first = network(ID, 'eth0.50');
  await driver.createNetwork({ network: first }, ctx);
  await driver.createNetwork({ network: first }, ctx);
  const made = kernel.calls.filter(({ call }) => call === 'links.createStacked');
  assert.equal(
    made.map(({ args }) => args),
    [['eth0', { kind: 'vlan', id: 50 }, { name: 'eth0.50', alias: `shiplog aaaaaaaaaaaa network ${ID}`, up: true }]],
  );
  // Another network may not stand on it: it would go with the first.
  const second = network('f'.repeat(64), 'eth0.50');
  const refused: unknown = await driver.createNetwork({ network: second }, ctx).catch((error: unknown) => error);
  assert.is(refused instanceof ShiplogError && refused.code, 'REQUEST_INVALID');
  await driver.removeNetwork({ network: second }, ctx);
  assert.ok((await kernel.links.list()).some(({ name }) => name === 'eth0.50'));
  await driver.removeNetwork({ network: first }, ctx);
  assert.not.ok((await kernel.links.list()).some(({ name }) => name === 'eth0.50'));
});

test('given an eth0.50 of the operator, when a network that used it goes, then it stays', async () => {
  const kernel = createRecordingKernel();
  await kernel.links.createVeth('eth0.50', { name: 'far0' });
  const services = createTestServices({ kernel, ...HOME });
  const driver = new MacvlanDriver(services.kernel, services.home);
  await driver.createNetwork({ network: network(ID, 'eth0.50') }, ctx);
  await driver.removeNetwork({ network: network(ID, 'eth0.50') }, ctx);
  assert.ok((await kernel.links.list()).some(({ name }) => name === 'eth0.50'));
});

test.run();
