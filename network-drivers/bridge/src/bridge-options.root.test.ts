import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart } from '@shiplog/conformance/network';
import { createContext, ShiplogError } from '@shiplog/contracts';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { BridgeDriver } from './bridge-driver.ts';
import { vethName } from './names.ts';
import type { NetworkArgs } from './network.ts';

const kernel = createKernel();
const { links, namespaces, firewall } = kernel;
const ctx = createContext({ op: 'test', signal: new AbortController().signal });

interface Context {
  home: string;
  driver: BridgeDriver;
}

function network(third: number, options: NetworkArgs['options'] = {}): NetworkArgs {
  const id = randomBytes(32).toString('hex');
  return { id, name: 'n', subnet: `198.18.${third}.0/24`, gateway: `198.18.${third}.1`, internal: false, options };
}

function makeDriver(home: string, options: { readonly [option: string]: string } = {}): BridgeDriver {
  const services = createTestServices({ kernel, stateDir: home, runDir: home, options });
  return new BridgeDriver(services.kernel, services.home, services.options);
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
}

/** The firewall without handles, which change by themselves. */
async function rules(): Promise<string> {
  return JSON.stringify(await firewall.list('list ruleset'), (key, value: unknown) => (key === 'handle' ? undefined : value));
}

async function link(name: string) {
  return (await links.list()).find((found) => found.name === name);
}

function tests(): void {
  const test = suite<Context>('network-bridge: options on the real kernel');
  test.before.each(async (context) => {
    context.home = await mkdtemp(join(tmpdir(), 'shiplog-bridge-'));
    context.driver = makeDriver(context.home);
  });
  test.after.each(({ home }) => rm(home, { recursive: true, force: true }));

  test('given a bridge of the operator, when a network names it, then it is used, and left when the network goes', async ({ driver }) => {
    await links.createBridge('opbr0');
    const named = network(1, { bridge: 'opbr0' });
    await driver.createNetwork({ network: named }, ctx);
    await driver.createNetwork({ network: named }, ctx);
    assert.equal((await link('opbr0'))?.addresses, ['198.18.1.1/24']);
    assert.is((await link('opbr0'))?.alias, undefined);
    await driver.removeNetwork({ network: named }, ctx);
    assert.ok((await link('opbr0')) !== undefined);
    assert.equal(await firewall.list('list tables'), []);
    await links.remove('opbr0');
  });

  test('given a name that is taken, when a network names it, then REQUEST_INVALID and nothing stays', async ({ driver }) => {
    await links.createVeth('op0', { name: 'op1' });
    assert.is(await codeOf(driver.createNetwork({ network: network(1, { bridge: 'op0' }) }, ctx)), 'REQUEST_INVALID');
    assert.equal(await firewall.list('list tables'), []);
    assert.ok((await link('op0')) !== undefined);
    await links.remove('op0');

    const [first, second] = [network(1, { bridge: 'sh0' }), network(2, { bridge: 'sh0' })];
    await driver.createNetwork({ network: first }, ctx);
    const before = await rules();
    assert.is(await codeOf(driver.createNetwork({ network: second }, ctx)), 'REQUEST_INVALID');
    await driver.removeNetwork({ network: second }, ctx);
    assert.is(await rules(), before);
    assert.equal((await link('sh0'))?.addresses, ['198.18.1.1/24']);
    await driver.removeNetwork({ network: first }, ctx);
    assert.equal(await firewall.list('list tables'), []);
  });

  test('given a subnet that overlaps, when a network is made, then NETWORK_SUBNET_OVERLAP and the other stays whole', async ({
    driver,
  }) => {
    const first = network(1);
    await driver.createNetwork({ network: first }, ctx);
    const before = await rules();
    const wide = { ...network(0), subnet: '198.18.0.0/16' };
    assert.is(await codeOf(driver.createNetwork({ network: wide }, ctx)), 'NETWORK_SUBNET_OVERLAP');
    assert.is(await rules(), before);
    await driver.removeNetwork({ network: first }, ctx);
  });

  test('given an operator who forbids it, when a network is made, then forwarding stays off', async ({ home, driver }) => {
    await namespaces.setSysctl('net.ipv4.ip_forward', '0');
    const shy = makeDriver(home, { 'ip-forward': 'false' });
    const made = network(1);
    await shy.createNetwork({ network: made }, ctx);
    assert.is(await namespaces.getSysctl('net.ipv4.ip_forward'), '0');
    await shy.removeNetwork({ network: made }, ctx);
    await driver.createNetwork({ network: made }, ctx);
    assert.is(await namespaces.getSysctl('net.ipv4.ip_forward'), '1');
    await driver.removeNetwork({ network: made }, ctx);
  });

  test('given an MTU, when a container is attached, then bridge and both ends have it', async ({ home, driver }) => {
    const small = network(1, { 'com.docker.network.driver.mtu': '1380' });
    await driver.createNetwork({ network: small }, ctx);
    const sandbox = join(home, 'netns', 'a');
    await driver.openSandbox({ id: 'a', path: sandbox, sysctls: {} }, ctx);
    const id = randomBytes(32).toString('hex');
    const endpoint = { id, container: 'a', network: small, address: '198.18.1.2/24', ports: [] };
    await driver.attach({ ...endpoint, sandbox, ifName: 'eth0', mac: '', gateway: '198.18.1.1', defaultRoute: true }, ctx);
    const mtuOf = (name: string, namespace?: string): Promise<string> => namespaces.getSysctl(`net/ipv6/conf/${name}/mtu`, namespace);
    assert.equal(await Promise.all([mtuOf(vethName(id)), mtuOf('eth0', sandbox)]), ['1380', '1380']);
    await driver.detach(endpoint, ctx);
    await driver.closeSandbox({ id: 'a', path: sandbox }, ctx);
    await driver.removeNetwork({ network: small }, ctx);
  });

  test('given the rules are flushed by somebody, when the network is made again, then they are back', async ({ driver }) => {
    const made = network(1);
    await driver.createNetwork({ network: made }, ctx);
    await firewall.apply('flush ruleset\n');
    await driver.createNetwork({ network: made }, ctx);
    assert.match(JSON.stringify(await firewall.list('list ruleset')), /198\.18\.1\.0/);
    await driver.removeNetwork({ network: made }, ctx);
    assert.equal(await firewall.list('list tables'), []);
  });

  test.run();
}

if (await apart(import.meta.filename)) tests();
