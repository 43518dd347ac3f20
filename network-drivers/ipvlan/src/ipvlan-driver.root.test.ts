import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { apart, driverFixture, networkSuite } from '@shiplog/conformance/network';
import { createTestServices } from '@shiplog/driver-kit/testing';
import { createKernel } from '@shiplog/kernel-linux';
import { report, reported } from '@shiplog/test-support';
import plugin from './index.ts';

const CAPABILITIES = { sandbox: true, addresses: true, mac: false, ports: false, routed: false, wired: true };

if (await apart(import.meta.filename)) {
  const kernel = createKernel();
  const there = await kernel.links.supports('ipvlan');

  const probing = suite('network-ipvlan: probe');
  probing('given this kernel, when the driver is asked whether it can run, then it says what the kernel has', async () => {
    const services = createTestServices({ kernel, stateDir: '/nonexistent', runDir: '/nonexistent' });
    const found = await plugin.drivers[0]?.probe?.(services);
    assert.is(found?.usable, there);
    if (!there) assert.match(JSON.stringify(found), /this kernel has no ipvlan links/);
  });
  probing.run();

  if (there) {
    const test = suite('network-ipvlan: conformance');
    networkSuite({
      test: reported(test, 'network/ipvlan', 'network'),
      capabilities: CAPABILITIES,
      factory: () => driverFixture(plugin, kernel, { wired: true }),
    });
    test.run();
  } else {
    const test = suite('network-ipvlan: conformance');
    test.skip('conformance kit', () => undefined);
    console.log('SKIP this kernel has no ipvlan links: no conformance kit');
    report({ driver: 'network/ipvlan', suite: 'network', skipped: 'this kernel has no ipvlan links' });
    test.run();
  }
}
