import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { CommandArgs } from '@shiplog/contracts';
import { began, created, did, exited, given, running } from '../testing/scenario.test.util.ts';

const test = suite('network.create, remove');
const args = (name: string, more: Partial<CommandArgs['network.create']> = {}): CommandArgs['network.create'] => ({
  name,
  driver: 'bridge',
  internal: false,
  options: {},
  labels: {},
  ...more,
});

test('when created without a subnet, then the next free one of the pool is taken', () => {
  const scenario = given();
  assert.is(scenario.world.state.network('bridge').subnet, '172.17.0.0/16');
  assert.is(scenario.world.state.network('host').subnet, '');
  scenario
    .when('network.create', args('lan'))
    .thenDecided((decided, { intent, expected, stream }) => {
      assert.equal([decided.subnet, decided.gateway, decided.predefined], ['172.18.0.0/16', '172.18.0.1', false]);
      assert.equal(intent.tags, ['network:lan', 'subnet:172.18.0.0/16']);
      assert.equal(expected, { [stream]: 'no-stream' });
    })
    .thenMeanwhile((state) => assert.is(state.network('lan').subnet, '172.18.0.0/16'))
    .thenFailed('DRIVER_FAILED', (state) => assert.throws(() => state.network('lan')));
});

test('given routes of the host, when one is created without a subnet, then it keeps clear of them; one that is asked for need not', () => {
  given()
    .when('network.create', args('lan'), { subnets: ['172.18.0.0/16', '172.19.4.0/24', '10.0.0.0/8', 'what'] })
    .thenDecided((decided) => assert.is(decided.subnet, '172.20.0.0/16'));
  given()
    .when('network.create', args('lan'), { subnets: ['172.16.0.0/12', '192.168.0.0/16'] })
    .thenRefused('ADDRESS_POOL_EXHAUSTED');
  given()
    .when('network.create', args('lan', { subnet: '172.18.0.0/16' }), { subnets: ['172.18.0.0/16'] })
    .thenDecided((decided) => assert.is(decided.subnet, '172.18.0.0/16'));
});

test('given many networks, when created, then the pool goes on in 192.168 and ends', () => {
  const scenario = given(...Array.from({ length: 14 }, (_, index) => did('network.create', args(`n${index}`))));
  assert.is(scenario.world.state.network('n13').subnet, '172.31.0.0/16');
  for (let index = 0; index < 16; index++) scenario.world.run('network.create', args(`m${index}`));
  assert.is(scenario.world.state.network('m1').subnet, '192.168.16.0/20');
  scenario.when('network.create', args('last')).thenRefused('ADDRESS_POOL_EXHAUSTED');
});

test('given a subnet and gateway, when created, then they are checked', () => {
  const scenario = given(did('network.create', args('lan', { subnet: '10.0.0.0/24', gateway: '10.0.0.254' })));
  assert.is(scenario.world.state.network('lan').gateway, '10.0.0.254');
  scenario.when('network.create', args('l2', { subnet: '10.0.0.128/25' })).thenRefused('NETWORK_SUBNET_OVERLAP');
  scenario
    .when('network.create', args('l2', { subnet: '10.1.0.1/24' }))
    .thenRefused('REQUEST_INVALID', 'invalid subnet 10.1.0.1/24: it should be 10.1.0.0/24');
  scenario.when('network.create', args('l2', { subnet: '10.1.0.0/31' })).thenRefused('REQUEST_INVALID');
  scenario.when('network.create', args('l2', { subnet: 'lan' })).thenRefused('REQUEST_INVALID');
  scenario.when('network.create', args('l2', { subnet: 'fd00::/64' })).thenRefused('NOT_SUPPORTED');
  scenario.when('network.create', args('l2', { subnet: '10.1.0.0/24', gateway: '10.2.0.1' })).thenRefused('REQUEST_INVALID');
  scenario.when('network.create', args('l2', { gateway: '10.2.0.1' })).thenRefused('REQUEST_INVALID');
});

test('given a reserved, taken or impossible name, when created, then it is refused', () => {
  const scenario = given(began('network.create', args('lan')));
  scenario.when('network.create', args('lan')).thenRefused('NETWORK_NAME_IN_USE', 'network with name lan already exists');
  scenario
    .when('network.create', args('bridge'))
    .thenRefused('NETWORK_PREDEFINED', 'operation is not permitted on predefined bridge network');
  scenario
    .when('network.create', args('h2', { driver: 'host' }))
    .thenRefused('NETWORK_PREDEFINED', 'only one instance of "host" network is allowed');
  scenario.when('network.create', args('a b')).thenRefused('NAME_INVALID');
});

test('given a network with containers, when removed, then it must have no active endpoint', () => {
  const scenario = given(did('network.create', args('lan')), running('web', { networkMode: 'lan' }));
  const { id } = scenario.world.state.network('lan');
  scenario
    .when('network.remove', { network: 'lan' })
    .thenRefused('NETWORK_IN_USE', `error while removing network: network lan id ${id} has active endpoints`);
  exited('web')(scenario.world);
  const then = scenario.when('network.remove', { network: id.slice(0, 8) });
  scenario.when('container.start', { container: 'web' }).thenRefused('NETWORK_NOT_FOUND');
  scenario.when('network.create', args('lan')).thenRefused('NETWORK_NAME_IN_USE');
  scenario.when('network.remove', { network: 'lan' }).thenRefused('NETWORK_NOT_FOUND');
  then.thenState((state) => assert.throws(() => state.network('lan')));
  scenario.when('container.start', { container: 'web' }).thenRefused('NETWORK_NOT_FOUND', 'network lan not found');
});

test('when the removal fails, then containers may join again', () => {
  const scenario = given(did('network.create', args('lan')), created('web', { networkMode: 'lan' }));
  scenario.when('network.remove', { network: 'lan' }).thenFailed('DRIVER_FAILED', (state) => assert.is(state.network('lan').name, 'lan'));
  scenario.when('container.start', { container: 'web' }).thenDecided(({ endpoints }) => assert.is(endpoints.length, 1));
});

test('given a predefined network, when removed, then it is refused as by Docker', () => {
  given()
    .when('network.remove', { network: 'bridge' })
    .thenRefused('NETWORK_PREDEFINED', 'bridge is a pre-defined network and cannot be removed');
});

test.run();
