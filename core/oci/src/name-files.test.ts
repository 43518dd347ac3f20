import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { hostsFile } from './hosts-file.ts';
import { nameServers, resolvConf } from './resolv-conf.ts';

const test = suite('hosts and resolv.conf');

test('given names and addresses, when the hosts file is made, then each has its line', () => {
  const text = hostsFile({
    hostname: 'box',
    domainname: 'example.test',
    addresses: ['10.0.0.2', ''],
    extraHosts: ['db:10.0.0.3', 'six=[2001:db8::1]', 'gw:host-gateway'],
    hostGateway: '10.0.0.1',
  });
  assert.ok(text.startsWith('127.0.0.1\tlocalhost\n::1\tlocalhost'));
  assert.ok(text.endsWith('10.0.0.3\tdb\n2001:db8::1\tsix\n10.0.0.1\tgw\n10.0.0.2\tbox.example.test box\n'));
});

test('given extra hosts that could say more than they should, when the hosts file is made, then they are refused', () => {
  for (const entry of [
    '',
    'db',
    ':10.0.0.1',
    'db:',
    'db:10.0.0',
    'db:10.0.0.256',
    'a b:10.0.0.1',
    'a\n1.2.3.4 b:10.0.0.1',
    'db:10.0.0.1\nx',
    'gw:host-gateway',
  ]) {
    try {
      hostsFile({ hostname: 'box', addresses: [], extraHosts: [entry] });
      assert.unreachable(entry);
    } catch (error) {
      assert.ok(error instanceof ShiplogError && error.code === 'SPEC_INVALID', entry);
    }
  }
});

const HOST = `# made by somebody
nameserver 127.0.0.53
nameserver 10.0.0.53 ; near
nameserver ::1
nameserver fe80::1%eth0
nameserver 2001:db8::53
domain old.test
search a.test b.test
options ndots:2
options edns0
`;

test('given the host’s file, when it is made for a container, then servers it cannot reach are left out', () => {
  assert.is(resolvConf(HOST), 'nameserver 10.0.0.53\nsearch a.test b.test\noptions ndots:2 edns0\n');
  assert.is(
    resolvConf(HOST, {}, { ipv6: true }),
    'nameserver 10.0.0.53\nnameserver 2001:db8::53\nsearch a.test b.test\noptions ndots:2 edns0\n',
  );
  assert.ok(resolvConf(HOST, {}, { hostNetwork: true }).startsWith('nameserver 127.0.0.53\nnameserver 10.0.0.53\nnameserver ::1\n'));
  assert.is(resolvConf('nameserver 127.0.0.1\n'), '');
});

test('given choices, when the file is made, then they replace the host’s', () => {
  assert.is(
    resolvConf(HOST, { servers: ['127.0.0.1', '1.2.3.4'], search: ['.'], options: ['rotate'] }),
    'nameserver 127.0.0.1\nnameserver 1.2.3.4\noptions rotate\n',
  );
});

test('given a name server of the container’s own, when the file is made, then it alone is asked, for names as they are', () => {
  const nameServer = '127.0.0.11';
  assert.is(
    resolvConf('nameserver 10.0.0.53\nsearch a.test\n', {}, { nameServer }),
    'nameserver 127.0.0.11\nsearch a.test\noptions ndots:0\n',
  );
  assert.is(
    resolvConf(HOST, { servers: ['1.2.3.4'] }, { nameServer }),
    'nameserver 127.0.0.11\nsearch a.test b.test\noptions ndots:2 edns0\n',
  );
  assert.equal(nameServers(HOST), ['127.0.0.53', '10.0.0.53', '::1', 'fe80::1%eth0', '2001:db8::53']);
});

test.run();
