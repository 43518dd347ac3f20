import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { PortBinding } from '@shiplog/contracts';
import { bridgeLeases, began, created, did, exited, given, imageOf, load, running } from '../testing/scenario.test.util.ts';

const test = suite('container.start');
const network = (name: string, more: { readonly subnet?: string; readonly internal?: boolean } = {}) =>
  did('network.create', { name, driver: 'bridge', internal: false, options: {}, labels: {}, ...more });
const tcp = (hostPort: number, hostIp = '', containerPort = 80): PortBinding => ({ protocol: 'tcp', containerPort, hostIp, hostPort });

test('given a created container, when started, then it leases the lowest address and runs', () => {
  given(created('web'))
    .when('container.start', { container: 'web' })
    .thenDecided(({ endpoints, sandbox }, { intent, conditions }) => {
      assert.is(sandbox, 'bridge');
      assert.is(endpoints[0]?.ipv4, '172.17.0.2');
      assert.is(endpoints[0]?.prefixLength, 16);
      assert.is(endpoints[0]?.gateway, '172.17.0.1');
      assert.is(endpoints[0]?.mac, '02:42:ac:11:00:02');
      assert.is(endpoints[0]?.ifName, 'eth0');
      assert.equal(intent.tags, [`ip:${endpoints[0]?.networkId}:172.17.0.2`]);
      assert.equal(conditions[0]?.tags, intent.tags);
    })
    .thenMeanwhile((state) => {
      assert.is(state.container('web').active, true);
      assert.is(state.container('web').status, 'created');
      assert.equal(bridgeLeases(state), ['172.17.0.2']);
    })
    .thenState((state) => {
      const web = state.container('web');
      assert.is(web.status, 'running');
      assert.ok(web.process !== undefined && web.startedAt !== '' && web.busy === undefined);
    });
});

test('given an address that was given back, when another starts, then it gets that one', () => {
  given(running('aa1'), running('bb1'), exited('aa1'), created('cc1'))
    .when('container.start', { container: 'cc1' })
    .thenDecided(({ endpoints }) => assert.is(endpoints[0]?.ipv4, '172.17.0.2'));
});

test('given a container that exited and is not released, when another starts, then its address is still taken', () => {
  const scenario = given(running('aa1'), created('bb1'));
  scenario.world.exited(scenario.world.state.container('aa1').id);
  scenario.when('container.start', { container: 'bb1' }).thenDecided(({ endpoints }) => assert.is(endpoints[0]?.ipv4, '172.17.0.3'));
  scenario.when('container.start', { container: 'aa1' }).thenRefused('CONTAINER_BUSY');
});

test('given a requested address, when started, then it is honoured or refused', () => {
  const scenario = given(
    network('lan', { subnet: '10.1.0.0/29' }),
    created('aa1', { networkMode: 'lan', endpoints: { lan: { ipv4: '10.1.0.5', mac: '02:00:00:00:00:01', aliases: ['db'] } } }),
    created('bb1', { networkMode: 'lan', endpoints: { lan: { ipv4: '10.1.0.5' } } }),
  );
  scenario.when('container.start', { container: 'aa1' }).thenDecided(({ endpoints }) => {
    assert.is(endpoints[0]?.ipv4, '10.1.0.5');
    assert.is(endpoints[0]?.mac, '02:00:00:00:00:01');
    assert.equal(endpoints[0]?.aliases, ['db']);
  });
  scenario.when('container.start', { container: 'bb1' }).thenRefused('ADDRESS_IN_USE');
});

test('given a full subnet, when started, then the pool is exhausted', () => {
  given(network('tiny', { subnet: '10.1.0.0/30' }), running('aa1', { networkMode: 'tiny' }), created('bb1', { networkMode: 'tiny' }))
    .when('container.start', { container: 'bb1' })
    .thenRefused('ADDRESS_POOL_EXHAUSTED');
});

test('given a network on the wire and a bridge, when started, then ports go to the bridge', () => {
  const args = { name: 'wire', driver: 'macvlan', internal: false, options: { parent: 'eth0' }, labels: {} };
  given(did('network.create', args), created('web', { networkMode: 'wire', endpoints: { wire: {}, bridge: {} }, ports: [tcp(8080)] }))
    .when('container.start', { container: 'web' })
    .thenDecided(({ endpoints, sandbox }) => {
      assert.is(sandbox, 'macvlan');
      assert.equal(
        endpoints.map(({ networkName, ports }) => [networkName, ports.length]),
        [
          ['wire', 0],
          ['bridge', 1],
        ],
      );
    });
});

test('given several networks, when started, then the mode comes first and ports go to the first that is reachable', () => {
  given(
    network('aa'),
    network('inner', { internal: true }),
    created('web', { networkMode: 'inner', endpoints: { aa: {}, bridge: {}, inner: {} }, ports: [tcp(8080)] }),
  )
    .when('container.start', { container: 'web' })
    .thenDecided(({ endpoints, sandbox }) => {
      assert.equal(
        endpoints.map(({ networkName, ifName, ports }) => [networkName, ifName, ports.length]),
        [
          ['inner', 'eth0', 0],
          ['aa', 'eth1', 1],
          ['bridge', 'eth2', 0],
        ],
      );
      assert.is(sandbox, 'bridge');
    });
});

test('given the host network, none, or no network, when started, then no address is leased and no port published', () => {
  for (const [fields, sandbox] of [
    [{ networkMode: 'host', ports: [tcp(80)] }, 'host'],
    [{ networkMode: 'none' }, 'none'],
    [{ networkDisabled: true }, 'none'],
  ] as const) {
    given(created('xx1', fields))
      .when('container.start', { container: 'xx1' })
      .thenDecided((decided) => {
        assert.is(decided.sandbox, sandbox);
        assert.ok(decided.endpoints.every(({ ipv4, ports }) => ipv4 === '' && ports.length === 0));
      });
  }
});

test('given the network of another container, when started, then that one must run', () => {
  const scenario = given(created('base'), created('side', { networkMode: 'container:base' }));
  const { id } = scenario.world.state.container('base');
  scenario
    .when('container.start', { container: 'side' })
    .thenRefused('CONTAINER_NOT_RUNNING', `cannot join network of a non running container: ${id}`);
  scenario.world.run('container.start', { container: 'base' });
  scenario.when('container.start', { container: 'side' }).thenDecided(({ sandbox, endpoints }) => {
    assert.is(sandbox, `container:${id}`);
    assert.equal(endpoints, []);
  });
});

test('given a taken host port, when started, then it is refused as by Docker', () => {
  for (const [taken, wanted, refused] of [
    ['', '', true],
    ['', '127.0.0.1', true],
    ['127.0.0.1', '0.0.0.0', true],
    ['127.0.0.1', '127.0.0.1', true],
    ['127.0.0.1', '127.0.0.2', false],
    ['0.0.0.0', '::', false],
    ['::', '', true],
  ] as const) {
    const then = given(running('aa1', { ports: [tcp(8080, taken)] }), created('bb1', { ports: [tcp(8080, wanted)] })).when(
      'container.start',
      {
        container: 'bb1',
      },
    );
    if (!refused) then.thenDecided(({ endpoints }) => assert.is(endpoints[0]?.ports[0]?.hostPort, 8080));
    else then.thenRefused('PORT_IN_USE', `Bind for ${wanted === '' ? '0.0.0.0' : wanted}:8080 failed: port is already allocated`);
  }
});

test('given a port on all addresses, when started, then its claim meets claims on single addresses and the other way round', () => {
  given(created('aa1', { ports: [tcp(80)] }), created('bb1', { ports: [tcp(81, '127.0.0.1')] }))
    .when('container.start', { container: 'aa1' })
    .thenDecided((_, { intent, conditions }) => {
      assert.equal(intent.tags?.slice(1), ['port:tcp:*:80', 'port:tcp:any:80']);
      assert.equal(conditions[0]?.tags.slice(1), ['port:tcp:any:80']);
    })
    .thenState((state) => assert.is(state.container('aa1').status, 'running'));
  given(created('bb1', { ports: [tcp(81, '127.0.0.1')] }))
    .when('container.start', { container: 'bb1' })
    .thenDecided((_, { intent, conditions }) => {
      assert.equal(intent.tags?.slice(1), ['port:tcp:127.0.0.1:81', 'port:tcp:any:81']);
      assert.equal(conditions[0]?.tags.slice(1), ['port:tcp:127.0.0.1:81', 'port:tcp:*:81']);
    });
});

test('given open ports, when started, then free ones are chosen and claimed ones skipped', () => {
  given(running('aa1', { ports: [tcp(49_153)] }), created('bb1', { ports: [tcp(0), tcp(0, '', 81)] }))
    .when('container.start', { container: 'bb1' }, { freePorts: [49_153, 49_154, 49_155] })
    .thenDecided(({ endpoints }, { intent }) => {
      assert.equal(
        endpoints[0]?.ports.map(({ hostPort }) => hostPort),
        [49_154, 49_155],
      );
      assert.ok(intent.tags?.includes('port:tcp:*:49154'));
    });
});

test('given publish-all, when started, then exposed ports of spec and image are published', () => {
  given(
    load('web:1', imageOf('web', ['base'], { Cmd: ['x'], ExposedPorts: { '443/tcp': {}, '53/udp': {} } })),
    created('aa1', { image: 'web:1', publishAllPorts: true, exposedPorts: ['8080/tcp'], ports: [tcp(443, '', 443)] }),
  )
    .when('container.start', { container: 'aa1' })
    .thenDecided(({ endpoints }) =>
      assert.equal(
        endpoints[0]?.ports.map(({ containerPort, protocol, hostPort }) => `${containerPort}/${protocol}:${hostPort}`),
        ['443/tcp:443', '8080/tcp:49153', '53/udp:49153'],
      ),
    );
});

test('given a container that runs, is paused or is being started, when started, then it is refused', () => {
  const scenario = given(running('aa1'), created('bb1'), began('container.start', { container: 'bb1' }));
  scenario.when('container.start', { container: 'aa1' }).thenRefused('CONTAINER_ALREADY_STARTED');
  scenario.when('container.start', { container: 'bb1' }).thenRefused('CONTAINER_BUSY');
  scenario.world.run('container.pause', { container: 'aa1' });
  scenario.when('container.start', { container: 'aa1' }).thenRefused('CONTAINER_PAUSED');
  scenario.when('container.start', { container: 'nobody' }).thenRefused('CONTAINER_NOT_FOUND', 'No such container: nobody');
});

test('when the command cannot be run, then leases go back and the exit code says why', () => {
  for (const [code, exitCode] of [
    ['COMMAND_NOT_FOUND', 127],
    ['COMMAND_NOT_EXECUTABLE', 126],
    ['RUNTIME_FAILED', 128],
  ] as const) {
    given(created('web', { ports: [tcp(8080)] }))
      .when('container.start', { container: 'web' })
      .thenFailed(code, (state) => {
        const web = state.container('web');
        assert.is(web.status, 'created');
        assert.is(web.exitCode, exitCode);
        assert.is(web.error, `it failed: ${code}`);
        assert.is(web.active, false);
        assert.is(web.busy, undefined);
        assert.equal(web.endpoints['bridge']?.ports, []);
        assert.equal(bridgeLeases(state), []);
      });
  }
});

test('when nobody knows how the start ended, then the leases stay until release', () => {
  given(created('web'))
    .when('container.start', { container: 'web' })
    .thenFailed(
      'INTERNAL',
      (state) => {
        assert.is(state.container('web').active, true);
        assert.is(bridgeLeases(state).length, 1);
      },
      'unknown',
    );
});

test('given a process that ended before its start was recorded, when the start succeeds, then it stays exited', () => {
  const then = given(created('web')).when('container.start', { container: 'web' });
  then.world.exited(then.world.state.container('web').id, 3);
  then.thenState((state) => {
    assert.is(state.container('web').status, 'exited');
    assert.is(state.container('web').exitCode, 3);
    assert.is(state.container('web').process, undefined);
    assert.not.equal(state.container('web').startedAt, '');
  });
});

test('given an exit that is told twice, when it is told again after a new start, then it changes only what it is about', () => {
  const scenario = given(running('web'), exited('web', 1));
  const { id } = scenario.world.state.container('web');
  const before = scenario.world.state.container('web');
  scenario.world.exited(id, 9);
  assert.is(scenario.world.state.container('web'), before);
});

test('given the restart policy as the actor, when it starts, then it is counted, and a person resets the count', () => {
  const scenario = given(running('web'), exited('web', 1));
  const { world } = scenario;
  const person = world.actor;
  world.actor = { scheme: 'system', reason: 'restart-policy' };
  world.run('container.start', { container: 'web' });
  assert.is(world.state.container('web').restartCount, 1);
  exited('web')(world);
  world.actor = person;
  world.run('container.start', { container: 'web' });
  assert.is(world.state.container('web').restartCount, 0);
});

test('given a network that is still being made, when a container on it starts, then it is refused, for the network may never be', () => {
  const lan = { name: 'lan', subnet: '10.1.0.0/24', driver: 'bridge', internal: false, options: {}, labels: {} };
  given(
    did('network.create', lan),
    created('web', { networkMode: 'lan' }),
    did('network.remove', { network: 'lan' }),
    began('network.create', lan),
  )
    .when('container.start', { container: 'web' })
    .thenRefused('NETWORK_NOT_FOUND', 'network lan not found: its creation is under way');
});

test.run();
