import { Sandboxes } from '@shiplog/driver-kit';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { vethName } from './names.ts';
import { type NetworkArgs, readNetwork } from './network.ts';
import { publications } from './ports.ts';
import { networkScript, publishScript, tableScript, unpublishScript, withoutNetworkScript } from './ruleset.ts';
import { createRecordingKernel } from '@shiplog/driver-kit/testing';

const ID = '0123456789abcdef'.repeat(4);

function network(change: Partial<NetworkArgs> = {}): NetworkArgs {
  return { id: ID, name: 'n', subnet: '198.18.7.0/24', gateway: '198.18.7.1', internal: false, options: {}, ...change };
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    if (error instanceof ShiplogError) return error.code;
    throw error;
  }
  return '';
}

const test = suite('network-bridge: names, options and scripts');

test('given an endpoint, when its link is named, then the name fits the kernel', () => {
  assert.is(vethName(ID), 'sv0123456789abc');
  assert.match(vethName('e'), /^sv[0-9a-f]{13}$/);
});

test('given no options, when a network is read, then it masquerades and its containers talk', () => {
  assert.equal(readNetwork(network()), {
    id: ID,
    bridge: 'sl-0123456789ab',
    named: false,
    subnet: '198.18.7.0/24',
    gateway: '198.18.7.1/24',
    internal: false,
    masquerade: true,
    talk: true,
    hostIp: '',
  });
});

test("given Docker's options, when a network is read, then they count", () => {
  const read = readNetwork(
    network({
      options: {
        'com.docker.network.bridge.name': 'br0',
        'com.docker.network.bridge.enable_icc': 'false',
        'com.docker.network.bridge.enable_ip_masquerade': 'FALSE',
        'com.docker.network.bridge.host_binding_ipv4': '127.0.0.1',
        'com.docker.network.driver.mtu': '1400',
      },
    }),
  );
  assert.equal(
    [read.bridge, read.named, read.talk, read.masquerade, read.hostIp, read.mtu],
    ['br0', true, false, false, '127.0.0.1', 1400],
  );
});

test('given what cannot be meant, when a network is read, then REQUEST_INVALID', () => {
  const wrong: readonly Partial<NetworkArgs>[] = [
    { subnet: '' },
    { subnet: 'fd00::/64' },
    { subnet: '198.18.7.0/31' },
    { gateway: '' },
    { options: { bridge: 'a b' } },
    { options: { bridge: 'x"; drop' } },
    { options: { mtu: '12' } },
    { options: { 'com.docker.network.bridge.enable_icc': 'maybe' } },
  ];
  for (const change of wrong)
    assert.is(
      codeOf(() => readNetwork(network(change))),
      'REQUEST_INVALID',
      JSON.stringify(change),
    );
});

test('given a table, when its script is written twice, then rules are flushed before they are written', () => {
  const script = tableScript('shiplog_x');
  for (const [, chain] of script.matchAll(/^ {2}chain (\w+) \{ type|^ {2}chain (\w+) \{ \}/gm)) {
    if (chain !== undefined) assert.ok(script.includes(`flush chain ip shiplog_x ${chain}\n`), chain);
  }
});

test('given kinds of networks, when they are added, then elements say what they may do', () => {
  const plain = networkScript('t', readNetwork(network()));
  assert.match(plain, /masqueraded \{ 198\.18\.7\.0\/24 \}/);
  assert.match(plain, /lanes/);
  assert.not.match(plain, /internal/);
  const inner = networkScript('t', readNetwork(network({ internal: true })));
  assert.match(inner, /internal \{ "sl-0123456789ab" \}/);
  assert.not.match(inner, /masqueraded/);
  assert.not.match(networkScript('t', readNetwork(network({ options: { 'com.docker.network.bridge.enable_icc': '0' } }))), /lanes/);
});

test('given ports, when they are published and taken back, then scripts name map, key, target and owner', () => {
  const ports = publications(
    [
      { protocol: 'tcp', hostIp: '', hostPort: 8080, containerPort: 80 },
      { protocol: 'udp', hostIp: '127.0.0.1', hostPort: 53, containerPort: 5353 },
      { protocol: 'sctp', hostIp: '0.0.0.0', hostPort: 9, containerPort: 9 },
    ],
    '198.18.7.2/24',
    '',
  );
  assert.is(
    publishScript('t', ports, 'me'),
    'add element ip t published { tcp . 8080 comment "me" : 198.18.7.2 . 80 }\n' +
      'add element ip t published_at { 127.0.0.1 . udp . 53 comment "me" : 198.18.7.2 . 5353 }\n' +
      'add element ip t published { sctp . 9 comment "me" : 198.18.7.2 . 9 }\n',
  );
  assert.is(
    unpublishScript('t', ports.slice(0, 1)),
    'add element ip t published { tcp . 8080 : 198.18.7.2 . 80 }\ndelete element ip t published { tcp . 8080 : 198.18.7.2 . 80 }\n',
  );
});

test('given a network that publishes on one address, when a binding names none, then it is that one', () => {
  const binding = { protocol: 'tcp', hostIp: '', hostPort: 1, containerPort: 1 } as const;
  assert.is(publications([binding], '198.18.7.2/24', '127.0.0.1')[0]?.hostIp, '127.0.0.1');
  assert.is(
    codeOf(() => publications([{ ...binding, hostIp: '::1' }], '198.18.7.2/24', '')),
    'NOT_SUPPORTED',
  );
});

test('given a network, when it is taken out, then each element is added before it is deleted', () => {
  const lines = withoutNetworkScript('t', readNetwork(network())).trim().split('\n');
  for (let at = 0; at < lines.length; at += 2) assert.is(lines[at + 1], lines[at]?.replace('add', 'delete'));
});

test('given a sandbox record of an older path, when it is opened elsewhere, then the record follows', async () => {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-sandboxes-'));
  try {
    const sandboxes = new Sandboxes(createRecordingKernel(), home);
    await sandboxes.open({ id: 'a', path: join(home, 'one'), sysctls: {} });
    await sandboxes.open({ id: 'a', path: join(home, 'two'), sysctls: { 'net.ipv4.ip_default_ttl': '7', 'kernel.msgmax': '1' } });
    assert.equal(await sandboxes.observe(), [{ resource: 'sandbox', id: 'a' }]);
    await sandboxes.close({ id: 'a', path: join(home, 'two') });
    await sandboxes.close({ id: 'a', path: join(home, 'one') });
    assert.equal(await sandboxes.observe(), []);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
});

test.run();
