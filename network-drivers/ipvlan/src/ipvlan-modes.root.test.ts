import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart, driverFixture } from '@shiplog/conformance/network';
import { createContext } from '@shiplog/contracts';
import { createKernel } from '@shiplog/kernel-linux';
import plugin from './index.ts';

const ctx = createContext({ op: 'test', signal: new AbortController().signal });
const kernel = createKernel();

/** Two containers join a network of `mode`, and leave it; checks what their sandboxes show meanwhile. */
async function joinTwo(mode: string): Promise<void> {
  const { driver, scratch, wire, cleanup } = await driverFixture(plugin, kernel, { wired: true });
  try {
    const parent = (await kernel.links.list()).find(({ name }) => name === wire?.parent);
    const id = randomBytes(32).toString('hex');
    const gateway = '198.18.4.1';
    const network = {
      id,
      name: 'n',
      subnet: '198.18.4.0/24',
      gateway,
      internal: false,
      options: { parent: wire?.parent ?? '', ipvlan_mode: mode },
    };
    await driver.createNetwork({ network }, ctx);
    for (const host of [2, 3]) {
      const container = randomBytes(32).toString('hex');
      const sandbox = join(scratch, container);
      const endpoint = { id: container, container, network, address: `198.18.4.${host}/24`, ports: [] };
      await driver.openSandbox({ id: container, path: sandbox, sysctls: {} }, ctx);
      await driver.attach({ ...endpoint, sandbox, ifName: 'eth0', mac: `02:42:c6:12:04:0${host}`, gateway, defaultRoute: true }, ctx);
      const link = (await kernel.links.list(sandbox)).find(({ name }) => name === 'eth0');
      assert.equal([link?.kind, link?.mac, link?.addresses], ['ipvlan', parent?.mac, [endpoint.address]]);
      await driver.detach(endpoint, ctx);
      await driver.closeSandbox({ id: container, path: sandbox }, ctx);
    }
    await driver.removeNetwork({ network }, ctx);
    assert.equal(await driver.observe(), []);
  } finally {
    await cleanup();
  }
}

if (await apart(import.meta.filename)) {
  const test = suite('network-ipvlan: modes on the real kernel');
  if (await kernel.links.supports('ipvlan')) {
    for (const mode of ['l2', 'l3', 'l3s'])
      test(`given mode ${mode}, when containers join, then each has its address, and the hardware address of the parent`, () =>
        joinTwo(mode));
  } else {
    test.skip('modes', () => undefined);
    console.log('SKIP this kernel has no ipvlan links: no modes');
  }
  test.run();
}
