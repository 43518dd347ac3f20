// time limit: 300 s
import { suite } from 'uvu';
import { apart, driverFixture, networkSuite } from '@shiplog/conformance/network';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import plugin from './index.ts';

const CAPABILITIES = { sandbox: true, addresses: false, mac: false, ports: false, routed: false, wired: false };

if (await apart(import.meta.filename)) {
  const kernel = createKernel();
  const test = suite('network-none: conformance');
  networkSuite({
    test: reported(test, 'network/none', 'network'),
    capabilities: CAPABILITIES,
    factory: () => driverFixture(plugin, kernel),
  });
  test.run();
}
