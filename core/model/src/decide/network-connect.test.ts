import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { created, did, exited, given, running } from '../testing/scenario.test.util.ts';

const test = suite('network.connect, disconnect');
const lan = did('network.create', { name: 'lan', driver: 'bridge', subnet: '10.1.0.0/24', internal: false, options: {}, labels: {} });
const connect = { network: 'lan', container: 'web', endpoint: { ipv4: '10.1.0.9', aliases: ['also'] } };
const disconnect = (network: string) => ({ network, container: 'web' });

test('given a container that runs, when connected, then it has an endpoint without ports, a lease and claims; and joins again when started', () => {
  const scenario = given(lan, running('web', { ports: [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 8080 }] }));
  const { id } = scenario.world.state.network('lan');
  scenario
    .when('network.connect', connect)
    .thenDecided(({ endpoint }, { intent, stream, effectless }) => {
      assert.is(stream, `container/${scenario.world.state.container('web').id}`);
      assert.equal([endpoint?.ifName, endpoint?.ipv4, endpoint?.ports, endpoint?.aliases], ['eth1', '10.1.0.9', [], ['also']]);
      assert.equal(intent.tags, [`ip:${id}:10.1.0.9`]);
      assert.is(effectless, false);
    })
    .thenMeanwhile((state) => {
      const { busy, endpoints } = state.container('web');
      assert.is(busy?.verb, 'network.connect');
      assert.equal(Object.keys(endpoints), ['bridge', 'lan']);
    })
    .thenState((state) => {
      const { busy, spec, endpoints } = state.container('web');
      assert.is(busy, undefined);
      assert.equal(spec.endpoints['lan'], connect.endpoint);
      assert.is(endpoints['lan']?.ipv4, '10.1.0.9');
    });
  scenario.when('network.connect', connect).thenRefused('ENDPOINT_EXISTS', 'endpoint with name web already exists in network lan');
  running('other')(scenario.world);
  scenario.when('network.connect', { ...connect, container: 'other' }).thenRefused('ADDRESS_IN_USE');
  scenario.when('network.remove', { network: 'lan' }).thenRefused('NETWORK_IN_USE');
});

test('when connecting fails, then the address is free and the container is where it was', () => {
  given(lan, running('web'))
    .when('network.connect', connect)
    .thenFailed('DRIVER_FAILED', (state) => {
      assert.equal(Object.keys(state.container('web').endpoints), ['bridge']);
      assert.equal(Object.keys(state.container('web').spec.endpoints).includes('lan'), false);
    });
});

test('given a container that is down, when connected and disconnected, then only its starts change', () => {
  const scenario = given(lan, created('web'));
  scenario
    .when('network.connect', connect)
    .thenDecided(({ endpoint }, { effectless }) => assert.equal([endpoint, effectless], [undefined, true]))
    .thenState((state) => assert.equal(Object.keys(state.container('web').endpoints), ['bridge', 'lan']));
  scenario
    .when('network.disconnect', disconnect('lan'))
    .thenState((state) => assert.equal(Object.keys(state.container('web').endpoints), ['bridge']));
  scenario.when('network.disconnect', disconnect('lan')).thenRefused('ENDPOINT_NOT_FOUND');
});

test('given the network it was created on, when disconnected and connected again, then it is off it until then, also when started', () => {
  const scenario = given(lan, running('web', { ports: [{ protocol: 'tcp', containerPort: 80, hostIp: '', hostPort: 8080 }] }));
  scenario.when('network.connect', connect).thenState((state) => assert.is(state.container('web').busy, undefined));
  scenario
    .when('network.disconnect', disconnect('bridge'))
    .thenDecided(({ endpoint }) => assert.is(endpoint?.networkName, 'bridge'))
    .thenState((state) => {
      assert.equal(Object.keys(state.container('web').endpoints), ['lan']);
      assert.is(state.container('web').spec.leftMain, true);
    });
  exited('web')(scenario.world);
  scenario
    .when('container.start', { container: 'web' })
    .thenDecided(({ endpoints }) =>
      assert.equal(
        endpoints.map(({ networkName, ifName, ports }) => [networkName, ifName, ports.length]),
        [['lan', 'eth0', 1]],
      ),
    )
    .thenState((state) => assert.is(state.container('web').busy, undefined));
  scenario
    .when('network.connect', { network: 'bridge', container: 'web', endpoint: {} })
    .thenState((state) => assert.is(state.container('web').spec.leftMain, undefined));
});

test('given containers and networks that cannot meet, when connected, then that is refused', () => {
  const scenario = given(
    lan,
    running('web'),
    created('alone', { networkMode: 'none' }),
    created('guest', { networkMode: 'container:web' }),
  );
  scenario.when('network.connect', { ...connect, network: 'host' }).thenRefused('SPEC_INVALID');
  scenario.when('network.connect', { ...connect, container: 'alone' }).thenRefused('SPEC_INVALID');
  scenario.when('network.connect', { ...connect, container: 'guest' }).thenRefused('SPEC_INVALID');
  scenario.when('network.connect', { ...connect, endpoint: { ipv4: '10.2.0.1' } }).thenRefused('SPEC_INVALID');
  scenario.when('network.connect', { ...connect, network: 'nowhere' }).thenRefused('NETWORK_NOT_FOUND');
  scenario.when('network.connect', { ...connect, container: 'nobody' }).thenRefused('CONTAINER_NOT_FOUND');
  scenario.when('network.disconnect', { network: 'none', container: 'alone' }).thenRefused('SPEC_INVALID');
});

test.run();
