// time limit: 1000 s
import { suite } from 'uvu';
import { apart, networkSuite } from '@shiplog/conformance/network';
import { createKernel } from '@shiplog/kernel-linux';
import { reported } from '@shiplog/test-support';
import { cniFixture } from './cni-fixture.test.double.ts';

const CAPABILITIES = { sandbox: true, addresses: true, mac: true, ports: true, routed: false, wired: false };

if (await apart(import.meta.filename)) {
  const kernel = createKernel();
  const test = suite('network-cni: conformance');
  networkSuite({ test: reported(test, 'network/cni', 'network'), capabilities: CAPABILITIES, factory: () => cniFixture(kernel, 'bridge') });
  test.run();
}
