import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { createContext, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { createRecordingKernel, createTestServices, type RecordingKernel } from '@shiplog/driver-kit/testing';
import { IpvlanDriver, ipvlanKind } from './ipvlan-driver.ts';

const ID = '0123456789abcdef'.repeat(4);
const ctx = createContext({ op: 'test', signal: new AbortController().signal });

/** Attaches an endpoint twice on a recording kernel, and detaches it; answers what was made. */
async function attached(options: { readonly [name: string]: string }, before?: (kernel: RecordingKernel) => void) {
  const home = await mkdtemp(join(tmpdir(), 'shiplog-ipvlan-'));
  try {
    const kernel = createRecordingKernel();
    await kernel.links.createVeth('eth9', { name: 'far0' });
    const services = createTestServices({ kernel, stateDir: home, runDir: home });
    const driver = new IpvlanDriver(services.kernel, services.home);
    const network = {
      id: ID,
      name: 'n',
      subnet: '198.18.7.0/24',
      gateway: '198.18.7.1',
      internal: false,
      options: { parent: 'eth9', ...options },
    };
    const sandbox = join(home, 'netns');
    await driver.createNetwork({ network }, ctx);
    await driver.openSandbox({ id: 'c', path: sandbox, sysctls: {} }, ctx);
    const endpoint: Parameters<NetworkDriver['attach']>[0] = {
      id: 'e',
      container: 'c',
      network,
      sandbox,
      ifName: 'eth0',
      address: '198.18.7.2/24',
      mac: '02:42:c6:12:07:02',
      gateway: network.gateway,
      defaultRoute: true,
      ports: [],
    };
    before?.(kernel);
    await driver.attach(endpoint, ctx);
    await driver.attach(endpoint, ctx);
    assert.equal(
      (await driver.observe()).map(({ resource, id }) => `${resource} ${id}`),
      ['sandbox c', 'endpoint e'],
    );
    await driver.detach(endpoint, ctx);
    assert.not.ok((await kernel.links.list(sandbox)).some(({ name }) => name === 'eth0'));
    return kernel.calls.filter(({ call }) => call === 'links.createStacked').map(({ args }) => args);
  } finally {
    await rm(home, { recursive: true, force: true });
  }
}

const test = suite('network-ipvlan: options, and endpoints on the recording kernel');

test('given options, when they are read, then modes and flags are the kernel’s', () => {
  assert.equal(ipvlanKind({}), { kind: 'ipvlan', mode: 'l2', flag: 'bridge' });
  assert.equal(ipvlanKind({ ipvlan_mode: 'l3s', ipvlan_flag: 'vepa' }), { kind: 'ipvlan', mode: 'l3s', flag: 'vepa' });
  for (const options of [{ ipvlan_mode: 'bridge' }, { ipvlan_flag: 'l2' }]) {
    assert.throws(
      () => ipvlanKind(options),
      (error: unknown) => error instanceof ShiplogError && error.code === 'REQUEST_INVALID',
    );
  }
});

test('given mode l2, when an endpoint is attached twice, then one link is made, without address of its own, with a way to the gateway', async () => {
  const made = await attached({});
  assert.is(made.length, 1);
  const [parent, kind, link] = made[0] ?? [];
  assert.equal([parent, kind], ['eth9', { kind: 'ipvlan', mode: 'l2', flag: 'bridge' }]);
  const { name, mac, routes } = link as { name: string; mac?: string; routes: unknown };
  assert.equal({ name, mac, routes }, { name: 'eth0', mac: undefined, routes: [{ to: 'default', via: '198.18.7.1' }] });
});

test('given mode l3, when an endpoint is attached, then its default route is the link itself', async () => {
  const [made] = await attached({ ipvlan_mode: 'l3' });
  const [, kind, link] = made ?? [];
  assert.equal(kind, { kind: 'ipvlan', mode: 'l3', flag: 'bridge' });
  assert.equal((link as { routes: unknown }).routes, [{ to: 'default' }]);
});

test('given an address that a link still has which is about to go, when an endpoint is attached, then it waits for that', async () => {
  const made = await attached({}, (kernel) => kernel.failNext('links.createStacked', 'EADDRINUSE'));
  assert.is(made.length, 2);
});

test.run();
