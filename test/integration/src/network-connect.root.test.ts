// time limit: 180 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('docker network connect and disconnect');
const { daemon, done } = await prepare();
test.after(done);

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

const networksOf = async (container: string): Promise<readonly string[]> =>
  Object.keys(JSON.parse(await docker('inspect', '-f', '{{json .NetworkSettings.Networks}}', container)) as object).toSorted();
const page = async (from: string, address: string): Promise<string> => docker('exec', from, 'wget', '-q', '-O', '-', `http://${address}/`);

test('given containers on two networks, when one is connected to the other’s, then they reach each other, also after a crash, until it leaves', async () => {
  await docker('network', 'create', '--subnet', '198.18.220.0/24', 'front');
  await docker('network', 'create', '--subnet', '198.18.221.0/24', 'back');
  await docker('run', '-d', '--name', 'server', '--network', 'back', '--ip', '198.18.221.7', IMAGE, 'httpd', '-f', '-h', '/www');
  await docker('run', '-d', '--name', 'client', '--network', 'front', IMAGE, 'sleep', '600');
  await docker('network', 'connect', '--alias', 'also', '--ip', '198.18.221.9', 'back', 'client');
  assert.equal(await networksOf('client'), ['back', 'front']);
  assert.is(await page('client', '198.18.221.7'), 'hello');
  assert.match((await daemon.docker(['network', 'connect', 'back', 'client'])).stderr, /already exists in network back/);
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await page('client', '198.18.221.7'), 'hello');
  // The network it was created on, whose driver made its namespace.
  await docker('network', 'disconnect', 'front', 'client');
  assert.equal(await networksOf('client'), ['back']);
  await docker('network', 'rm', 'front');
  await docker('restart', '-t', '0', 'client');
  assert.equal(await networksOf('client'), ['back']);
  assert.is(await docker('inspect', '-f', '{{.NetworkSettings.Networks.back.IPAddress}}', 'client'), '198.18.221.9');
  await docker('network', 'disconnect', 'back', 'client');
  assert.equal(await networksOf('client'), []);
  assert.match((await daemon.docker(['exec', 'client', 'wget', '-q', '-O', '-', 'http://198.18.221.7/'])).stderr, /Network is unreachable/);
  await docker('rm', '-f', 'client', 'server');
  await docker('network', 'rm', 'back');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given a container that is down, when connected, then it joins at its start; on a network of another driver it leaves nothing', async () => {
  await docker('network', 'create', '-d', 'macvlan', '--subnet', '198.18.222.0/24', 'wire');
  await docker('create', '--name', 'later', IMAGE, 'sleep', '600');
  await docker('network', 'connect', 'wire', 'later');
  assert.equal(await networksOf('later'), ['bridge', 'wire']);
  await docker('start', 'later');
  assert.match(await docker('exec', 'later', 'ip', '-o', '-4', 'address', 'show', 'dev', 'eth1'), /198\.18\.222\.2/);
  await docker('network', 'disconnect', 'bridge', 'later');
  await docker('rm', '-f', 'later');
  await docker('network', 'rm', 'wire');
  assert.equal(await hostTraces(daemon.directory), []);
  const told = (await daemon.events()).map(({ type }) => type).filter((type) => /^network\.(dis)?connect\.succeeded$/.test(type));
  assert.equal(told.length, 5);
});

test.run();
