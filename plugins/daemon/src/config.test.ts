import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ShiplogError } from '@shiplog/contracts';
import { type DaemonConfig, readConfig } from './config.ts';
import { hostText, parseHost } from './hosts.ts';

const test = suite('config');
const TLS = ['--tlscacert', '/ca', '--tlscert', '/cert', '--tlskey', '/key'];

async function read(argv: readonly string[]): Promise<DaemonConfig> {
  const config = await readConfig(argv);
  if (typeof config === 'string') throw new Error(config);
  return config;
}

async function refusal(argv: readonly string[]): Promise<string> {
  try {
    await readConfig(argv);
  } catch (error) {
    if (error instanceof ShiplogError && error.code === 'CONFIG_INVALID') return error.message;
    throw error;
  }
  throw new Error(`${argv.join(' ')} was taken`);
}

for (const text of ['unix:///run/a.sock', 'tcp://127.0.0.1:2376', 'tcp://[::1]:0']) {
  test(`given the host ${text}, when it is read and written, then it is the same`, () => assert.is(hostText(parseHost(text)), text));
}

for (const text of [
  '',
  'unix://a',
  'tcp://127.0.0.1',
  'tcp://localhost:1',
  'tcp://::1:1',
  'tcp://[127.0.0.1]:1',
  'tcp://1.2.3.4:65536',
  'http://1.2.3.4:1',
]) {
  test(`given the host "${text}", when it is read, then it is refused`, () => {
    assert.throws(
      () => parseHost(text),
      (error: unknown) => error instanceof ShiplogError && error.code === 'CONFIG_INVALID',
    );
  });
}

test('given several hosts, when the config is read, then the docker socket comes first', async () => {
  const { hosts, tls } = await read(['--run', '/r', '--host', 'tcp://127.0.0.1:2376', '--host', 'unix:///x', '--tlsverify', ...TLS]);
  assert.equal(hosts.map(hostText), ['unix:///r/docker.sock', 'tcp://127.0.0.1:2376', 'unix:///x']);
  assert.equal(tls, { ca: '/ca', cert: '/cert', key: '/key' });
});

test('given a TCP host, when nothing says how clients are known, then it is refused', async () => {
  assert.match(await refusal(['--host', 'tcp://127.0.0.1:1']), '--insecure-tcp');
  assert.match(await refusal(['--host', 'tcp://127.0.0.1:1', ...TLS]), 'keeps nobody out');
  assert.match(await refusal(['--host', 'tcp://127.0.0.1:1', '--tlsverify', ...TLS.slice(2)]), 'needs --tlscacert');
  assert.match(await refusal(['--insecure-tcp', '--tlsverify', ...TLS]), 'exclude each other');
  assert.is((await read(['--host', 'tcp://127.0.0.1:1', '--insecure-tcp'])).tls, undefined);
});

test('given witnesses, when the config is read, then the driver that signs the log gets them, those of the file first', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'config-'));
  try {
    const file = join(directory, 'c.json');
    await writeFile(file, JSON.stringify({ witnesses: ['http://a=x'], driverOptions: { 'api/tlog': { 'every-seconds': '5' } } }));
    const { driverOptions } = await read(['--config', file, '--witness', 'http://b=y', '--witness', 'http://c=z']);
    assert.equal(driverOptions, { 'api/tlog': { 'every-seconds': '5', witness: 'http://a=x http://b=y http://c=z' } });
    assert.equal((await read([])).driverOptions, {});
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('given registries, when the config is read, then the driver that speaks with them gets them', async () => {
  const { driverOptions } = await read([
    '--registry',
    '127.0.0.1',
    '--registry',
    'h:5000',
    '--insecure-registry',
    'h:5000',
    '--registry-mirror',
    'https://m',
  ]);
  assert.equal(driverOptions, { 'image-source/registry': { only: '127.0.0.1 h:5000', insecure: 'h:5000', mirrors: 'https://m' } });
});

test('given options of the log driver, when the config is read, then later ones win, and what is none is refused', async () => {
  const { logOptions } = await read(['--log-opt', 'max-size=10m', '--log-opt', 'tag={{.Name}}=x', '--log-opt', 'max-size=20m']);
  assert.equal(logOptions, { 'max-size': '20m', tag: '{{.Name}}=x' });
  assert.equal((await read([])).logOptions, {});
  for (const wrong of ['max-size', '=10m', '']) assert.match(await refusal(['--log-opt', wrong]), '--log-opt takes NAME=VALUE');
});

test('given a config file, when it is read, then lists and switches count and flags come after', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'config-'));
  try {
    const file = join(directory, 'c.json');
    await writeFile(file, JSON.stringify({ hosts: ['unix:///a'], insecureTcp: true, plugins: ['p'] }));
    const { hosts, plugins } = await read(['--config', file, '--host', 'tcp://127.0.0.1:1', '--plugin', 'q', '--run', '/r']);
    assert.equal(hosts.map(hostText), ['unix:///r/docker.sock', 'unix:///a', 'tcp://127.0.0.1:1']);
    assert.equal(plugins, ['p', 'q']);
    await writeFile(file, JSON.stringify({ insecureTcp: 'yes' }));
    assert.match(await refusal(['--config', file]), 'true or false');
    await writeFile(file, JSON.stringify({ secretNames: ['^acme'], auditReads: { 'GET /containers/json': 'metadata' } }));
    const { secrets, readLevels } = await read(['--config', file]);
    assert.equal([secrets, readLevels], [{ names: ['^acme'], patterns: [] }, { 'GET /containers/json': 'metadata' }]);
    await writeFile(file, JSON.stringify({ secretPatterns: ['('] }));
    assert.match(await refusal(['--config', file]), 'secretPatterns');
    await writeFile(file, JSON.stringify({ auditReads: { 'GET /events': 'all' } }));
    assert.match(await refusal(['--config', file]), 'none or metadata');
    await writeFile(file, JSON.stringify({ teardown: true }));
    assert.match(await refusal(['--config', file]), 'unknown key "teardown"');
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('given ages, a number of events and a size, when the config is read, then they are the policy; without them nothing is ever removed', async () => {
  assert.is((await read([])).retention, undefined);
  const { retention } = await read(['--seal-after', '30d', '--retention-time', '1h30m', '--retention-events', '5000']);
  assert.equal(retention, { sealAfterMs: 30 * 86_400_000, keepMs: 5_400_000, maxEvents: 5000 });
  assert.equal((await read(['--retention-events', '1'])).retention, { maxEvents: 1 });
  for (const wrong of ['soon', '0s', '1ms', '5']) {
    assert.match(await refusal(['--seal-after', wrong]), '--seal-after must be an age');
    assert.match(await refusal(['--retention-time', wrong]), '--retention-time must be an age');
  }
  assert.equal((await read(['--retention-bytes', '10g'])).retention, { maxBytes: 10 * 1024 ** 3 });
  for (const wrong of ['0', '0.5', 'much', '10x'])
    assert.match(await refusal(['--retention-bytes', wrong]), '--retention-bytes must be a size');
  for (const wrong of ['0', '1.5', 'many', '1e3']) assert.match(await refusal(['--retention-events', wrong]), '--retention-events must be');
});

test('given drivers by name, when read, then these and no others', async () => {
  const { storageDriver, cgroupDriver } = await read(['--storage-driver', 'vfs', '--cgroup-driver', 'mine']);
  assert.equal([storageDriver, cgroupDriver], ['vfs', 'mine']);
  const plain = await read([]);
  assert.equal([plain.storageDriver, plain.cgroupDriver], [undefined, undefined]);
});

test.run();
