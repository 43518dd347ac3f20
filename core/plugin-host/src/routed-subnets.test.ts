import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { routedSubnets } from './routed-subnets.ts';

const test = suite('routed subnets');

const ROUTES = [
  'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
  'eth0\t00000000\t0101A8C0\t0003\t0\t0\t100\t00000000\t0\t0\t0',
  'br-1\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'br-2\t000012AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0',
  'vpn\t0040A8C0\t00000000\t0001\t0\t0\t0\t00C0FFFF\t0\t0\t0',
  'vpn\t0105050A\t00000000\t0005\t0\t0\t0\tFFFFFFFF\t0\t0\t0',
  '',
].join('\n');

test('given routes of the kernel, when they are read, then each subnet comes once, and neither the default nor single hosts', () => {
  assert.equal(routedSubnets(ROUTES), ['172.18.0.0/16', '192.168.64.0/18']);
  assert.equal(routedSubnets(''), []);
});

test.run();
