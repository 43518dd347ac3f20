import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { parseConflist, type PluginConfiguration } from './conflist.ts';
import { checkList, executionOf } from './execution.ts';
import { parseResult } from './result.ts';

type Attach = Parameters<NetworkDriver['attach']>[0];

const NETWORK = {
  id: '0123456789abcdef'.repeat(4),
  name: 'n',
  subnet: '198.18.7.0/24',
  gateway: '198.18.7.1',
  internal: false,
  options: {},
};

function endpoint(change: Partial<Attach> = {}): Attach {
  return {
    id: 'e',
    container: 'c',
    network: NETWORK,
    sandbox: '/run/netns/c',
    ifName: 'eth0',
    address: '198.18.7.2/24',
    mac: '02:42:c6:12:07:02',
    gateway: NETWORK.gateway,
    defaultRoute: true,
    ports: [],
    ...change,
  };
}

const list = (...plugins: readonly object[]) => parseConflist(JSON.stringify({ cniVersion: '1.0.0', name: 'kit', plugins }));

const routesOf = (given: PluginConfiguration | undefined) => (given?.['ipam'] as { readonly routes: unknown } | undefined)?.routes;

function code(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof ShiplogError ? error.code : String(error);
  }
  return 'done';
}

const test = suite('network-cni: lists and what plugins are given');

test('given lists that break the specification, when they are read, then each is refused', () => {
  const wrong: readonly string[] = [
    '',
    '[]',
    '{}',
    '{"cniVersion":"1.0.0","name":"a b","plugins":[{"type":"bridge"}]}',
    '{"cniVersion":"0.2.0","name":"a","plugins":[{"type":"bridge"}]}',
    '{"cniVersion":"1.1.0","name":"a","plugins":[{"type":"bridge"}]}',
    '{"cniVersion":"1.0.0","name":"a","plugins":[]}',
    '{"cniVersion":"1.0.0","name":"a","plugins":[{}]}',
    '{"cniVersion":"1.0.0","name":"a","plugins":[{"type":"../bin/sh"}]}',
  ];
  for (const text of wrong)
    assert.is(
      code(() => parseConflist(text)),
      'REQUEST_INVALID',
      text,
    );
  assert.is(parseConflist('{"cniVersion":"0.3.1","name":"a","plugins":[{"type":"b"}]}').disableCheck, true);
});

test('given a bridge and portmap, when an endpoint is described to them, then address, routes, bridge and ports are the engine’s', () => {
  const routes = [{ dst: '0.0.0.0/0' }, { dst: '10.0.0.0/8', gw: '198.18.7.9' }];
  const bridge = { type: 'bridge', isDefaultGateway: true, ipam: { type: 'host-local', subnet: NETWORK.subnet, routes } };
  const portmap = { type: 'portmap', capabilities: { portMappings: true }, snat: true };
  const ports = [{ protocol: 'tcp' as const, hostIp: '', hostPort: 8080, containerPort: 80 }];
  const asked = endpoint({ ports });
  checkList(list(bridge, portmap), NETWORK);
  assert.equal(executionOf(list(bridge, portmap), asked), [
    {
      type: 'bridge',
      name: 'kit',
      cniVersion: '1.0.0',
      bridge: 'sl-0123456789ab',
      isGateway: true,
      isDefaultGateway: false,
      ipam: {
        type: 'static',
        addresses: [{ address: '198.18.7.2/24', gateway: '198.18.7.1' }],
        routes: [
          { dst: '0.0.0.0/0', gw: '198.18.7.1' },
          { dst: '10.0.0.0/8', gw: '198.18.7.9' },
        ],
      },
    },
    {
      type: 'portmap',
      name: 'kit',
      cniVersion: '1.0.0',
      snat: true,
      runtimeConfig: { portMappings: [{ protocol: 'tcp', hostPort: 8080, containerPort: 80 }] },
    },
  ]);
});

test('given an internal network, when an endpoint is described, then there is no way out and nothing is published', () => {
  const internal = { ...NETWORK, internal: true };
  const bridge = { type: 'bridge', isGateway: true, ipMasq: true, ipam: { type: 'static' } };
  const ports = [{ protocol: 'tcp' as const, hostIp: '', hostPort: 8080, containerPort: 80 }];
  const [given] = executionOf(list(bridge), endpoint({ network: internal, ports }));
  assert.equal([given?.['isGateway'], given?.['ipMasq'], given?.['runtimeConfig']], [false, false, undefined]);
  assert.equal(routesOf(given), []);
  assert.is(
    code(() => checkList(list({ type: 'ptp', ipam: { type: 'static' } }), internal)),
    'NOT_SUPPORTED',
  );
});

test('given a second network of a container, when its endpoint is described, then it has no default route', () => {
  const [given] = executionOf(list({ type: 'ptp', ipam: { type: 'static' } }), endpoint({ defaultRoute: false }));
  assert.equal(routesOf(given), []);
});

test('given address management that contradicts the network, when the list is checked, then it is refused', () => {
  const ipam = (words: object): string => code(() => checkList(list({ type: 'bridge', ipam: { type: 'host-local', ...words } }), NETWORK));
  assert.is(ipam({}), 'done');
  assert.is(ipam({ ranges: [[{ subnet: NETWORK.subnet, gateway: NETWORK.gateway }]] }), 'done');
  assert.is(ipam({ subnet: '10.0.0.0/8' }), 'REQUEST_INVALID');
  assert.is(ipam({ ranges: [[{ subnet: NETWORK.subnet, gateway: '198.18.7.9' }]] }), 'REQUEST_INVALID');
  assert.is(ipam({ rangeStart: '198.18.7.100' }), 'NOT_SUPPORTED');
  assert.is(ipam({ type: 'dhcp' }), 'NOT_SUPPORTED');
});

test('given what plugins print, when it is read, then results are taken and all else is refused', () => {
  const result = { cniVersion: '1.0.0', interfaces: [{ name: 'eth0', sandbox: '/x' }], ips: [{ address: '198.18.7.2/24' }], more: [1] };
  assert.equal(parseResult('p', '1.0.0', JSON.stringify(result)), result);
  const wrong: readonly object[] = [
    [],
    { ...result, cniVersion: '0.4.0' },
    { ...result, interfaces: {} },
    { ...result, interfaces: [{ name: 'a/b' }] },
    { ...result, interfaces: [{ name: 'eth0', sandbox: 1 }] },
    { ...result, ips: [{}] },
    { ...result, routes: [{ dst: 1 }] },
    { ...result, ips: Array.from({ length: 300 }, () => ({ address: '198.18.7.2/24' })) },
  ];
  for (const answer of wrong)
    assert.is(
      code(() => parseResult('p', '1.0.0', JSON.stringify(answer))),
      'DRIVER_FAILED',
      JSON.stringify(answer),
    );
  assert.is(
    code(() => parseResult('p', '1.0.0', '')),
    'DRIVER_FAILED',
  );
});

test.run();
