import { suite } from 'uvu';
import { apart, driverFixture, networkSuite } from '@shiplog/conformance/network';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';

const CAPABILITIES = { sandbox: true, addresses: true, mac: true, ports: false, routed: false, wired: true };

if (await apart(import.meta.filename)) {
  const kernel = createKernel();
  const test = suite('network-macvlan: conformance');
  networkSuite({
    test: reported(test, 'network/macvlan', 'network'),
    capabilities: CAPABILITIES,
    factory: () => driverFixture(plugin, kernel, { wired: true }),
  });
  test.run();
}
