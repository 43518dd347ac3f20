import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { isAsked, isInsecure, mirrorsOf, probeOptions, readHosts } from './hosts.ts';

const test = suite('registry hosts');

for (const host of ['localhost', 'localhost:5000', '127.0.0.1', '127.9.9.9:80', '[::1]', '[::1]:5000'])
  test(`given ${host}, when it is asked about, then it may be without TLS, since it is this machine`, () =>
    assert.ok(isInsecure(host, readHosts({}))));

for (const host of ['example.org', '128.0.0.1', 'localhost.example.org:5000', '127.0.0.1.example.org', '[::2]', 'registry-1.docker.io'])
  test(`given ${host}, when it is asked about, then it needs TLS`, () => assert.not.ok(isInsecure(host, readHosts({}))));

test('given insecure hosts, when they are asked about, then those may be without TLS, of that port or any', () => {
  const hosts = readHosts({ insecure: 'a.example, b.example:5000' });
  assert.equal(
    ['a.example', 'a.example:1', 'b.example:5000', 'b.example', 'c.a.example'].map((host) => isInsecure(host, hosts)),
    [true, true, true, false, false],
  );
});

test('given hosts that alone may be asked, when others are, then they are not', () => {
  const hosts = readHosts({ only: 'a.example docker.io' });
  assert.equal(
    ['a.example:1', 'docker.io', 'b.example', '127.0.0.1'].map((host) => isAsked(host, hosts)),
    [true, true, false, false],
  );
  assert.ok(isAsked('anybody', readHosts({})));
});

test('given mirrors, when they are asked for, then they are of the hub alone, and those of http URLs may be without TLS', () => {
  const hosts = readHosts({ mirrors: 'https://a.example http://b.example:5000/, c.example' });
  assert.equal(mirrorsOf('docker.io', hosts), ['a.example', 'b.example:5000', 'c.example']);
  assert.equal(mirrorsOf('d.example', hosts), []);
  assert.equal(
    ['a.example', 'b.example:5000', 'c.example'].map((host) => isInsecure(host, hosts)),
    [false, true, false],
  );
});

test('given options that are no hosts, when the driver is probed, then it says which', async () => {
  assert.equal(await probeOptions({ options: { only: 'a b:5000 [::1]:1' } }), { usable: true });
  for (const wrong of ['https://a', 'a:port', 'a/b'])
    assert.match(JSON.stringify(await probeOptions({ options: { insecure: `fine ${wrong}` } })), JSON.stringify(wrong).slice(1, -1));
  assert.not.ok((await probeOptions({ options: { mirrors: 'https://a/path' } })).usable);
});

test.run();
