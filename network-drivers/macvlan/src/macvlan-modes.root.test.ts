import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart, driverFixture, type NetworkFixture } from '@shiplog/conformance/network';
import { createContext, type NetworkDriver, ShiplogError } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const ctx = createContext({ op: 'test', signal: new AbortController().signal });
const kernel = createKernel();

type Network = Parameters<NetworkDriver['createNetwork']>[0]['network'];

function network(options: Network['options']): Network {
  return { id: randomBytes(32).toString('hex'), name: 'n', subnet: '198.18.3.0/24', gateway: '198.18.3.1', internal: false, options };
}

/** A container with one endpoint on `network`; answers what takes it away again. */
async function joinNetwork({ driver, scratch }: NetworkFixture, on: Network, host: number) {
  const id = randomBytes(32).toString('hex');
  const sandbox = join(scratch, id);
  await driver.openSandbox({ id, path: sandbox, sysctls: {} }, ctx);
  const mac = `02:42:c6:12:03:0${host}`;
  const args = { id, container: id, network: on, address: `198.18.3.${host}/24`, ports: [] };
  const leave = async (): Promise<void> => {
    await driver.detach(args, ctx);
    await driver.closeSandbox({ id, path: sandbox }, ctx);
  };
  try {
    await driver.attach({ ...args, sandbox, ifName: 'eth0', mac, gateway: on.gateway, defaultRoute: true }, ctx);
  } catch (error) {
    await leave();
    throw error;
  }
  return { sandbox, mac, leave };
}

function parentOf({ wire }: NetworkFixture): Network['options'] {
  return { parent: wire?.parent ?? '' };
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof ShiplogError ? error.code : String(error)),
  );
}

function tests(): void {
  const test = suite<{ fixture: NetworkFixture }>('network-macvlan: modes and parents on the real kernel');
  test.before.each(async (context) => {
    context.fixture = await driverFixture(plugin, kernel, { wired: true });
  });
  test.after.each(({ fixture }) => fixture.cleanup());

  for (const mode of ['bridge', 'private', 'vepa'] as const) {
    test(`given mode ${mode}, when two containers join, then each has the address asked for`, async ({ fixture }) => {
      const asked = network({ ...parentOf(fixture), macvlan_mode: mode });
      await fixture.driver.createNetwork({ network: asked }, ctx);
      const joined = [await joinNetwork(fixture, asked, 2), await joinNetwork(fixture, asked, 3)];
      for (const { sandbox, mac } of joined) {
        const link = (await kernel.links.list(sandbox)).find(({ name }) => name === 'eth0');
        assert.equal([link?.kind, link?.mac], ['macvlan', mac]);
      }
      for (const { leave } of joined) await leave();
      await fixture.driver.removeNetwork({ network: asked }, ctx);
      assert.equal(await fixture.driver.observe(), []);
    });
  }

  test('given mode passthru, when a container joins, then it has the parent to itself, with its address', async ({ fixture }) => {
    const asked = network({ ...parentOf(fixture), macvlan_mode: 'passthru' });
    const parent = (await kernel.links.list()).find(({ name }) => name === fixture.wire?.parent);
    const first = await joinNetwork(fixture, asked, 2);
    const link = (await kernel.links.list(first.sandbox)).find(({ name }) => name === 'eth0');
    assert.is(link?.mac, parent?.mac);
    assert.is(await codeOf(joinNetwork(fixture, asked, 3)), 'KERNEL_CALL_FAILED');
    await first.leave();
  });

  test('given what cannot be meant, when a network is made, then REQUEST_INVALID and nothing is there', async ({ fixture }) => {
    const before = (await kernel.links.list()).length;
    const wrong: readonly Network[] = [
      network({ macvlan_mode: 'bridged' }),
      network({ parent: 'nosuch0' }),
      network({ parent: 'nosuch0.7' }),
      network({ parent: 'kitwire.4095' }),
      network({ parent: 'a b' }),
      network({ mtu: '5' }),
      { ...network(parentOf(fixture)), internal: true },
    ];
    for (const asked of wrong)
      assert.is(await codeOf(fixture.driver.createNetwork({ network: asked }, ctx)), 'REQUEST_INVALID', JSON.stringify(asked.options));
    assert.is((await kernel.links.list()).length, before);
  });

  test('given a parent with a VLAN, when a network is made, then its link comes and goes with it, or the kernel has none', async ({
    fixture,
  }) => {
    const asked = network({ parent: 'kitwire.50' });
    const there = await kernel.links.supports('vlan');
    if (!there) console.log('no 802.1Q in this kernel: only its refusal is tested here; the rest is, on the recording kernel');
    assert.is(await codeOf(fixture.driver.createNetwork({ network: asked }, ctx)), there ? 'done' : 'NOT_SUPPORTED');
    const found = async () => (await kernel.links.list()).some(({ name }) => name === 'kitwire.50');
    assert.is(await found(), there);
    await fixture.driver.removeNetwork({ network: asked }, ctx);
    assert.is(await found(), false);
  });

  test('given no parent, when a network is made, then the host has a bridge without ports for it, until it goes', async ({ fixture }) => {
    const asked = network({});
    await fixture.driver.createNetwork({ network: asked }, ctx);
    assert.equal(await fixture.driver.observe(), [{ resource: 'network', id: asked.id }]);
    const other = { ...network({ parent: `sl-${asked.id.slice(0, 12)}` }) };
    assert.is(await codeOf(fixture.driver.createNetwork({ network: other }, ctx)), 'REQUEST_INVALID');
    await fixture.driver.removeNetwork({ network: other }, ctx);
    assert.is((await fixture.driver.observe()).length, 1);
    await fixture.driver.removeNetwork({ network: asked }, ctx);
    assert.equal(await fixture.driver.observe(), []);
  });

  test.run();
}

if (await apart(import.meta.filename)) tests();
