// time limit: 120 s
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('macvlan, with the docker command');
const { daemon, done } = await prepare();
test.after(done);

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

test('given a network without a parent, when two containers join, then they reach each other, also after the daemon is killed, and nothing stays', async () => {
  const subnet = '198.18.200.0/24';
  await docker('network', 'create', '-d', 'macvlan', '--subnet', subnet, 'apart');
  await docker('run', '-d', '--name', 'server', '--network', 'apart', IMAGE, 'httpd', '-f', '-h', '/www');
  const address = await docker('inspect', '-f', '{{.NetworkSettings.Networks.apart.IPAddress}}', 'server');
  assert.match(address, /^198\.18\.200\./);
  const ask = ['run', '--rm', '--network', 'apart', IMAGE, 'wget', '-q', '-O', '-', `http://${address}/`];
  const page = await docker(...ask);
  assert.is.not(page, '');
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await docker(...ask), page);
  await docker('rm', '-f', 'server');
  await docker('network', 'rm', 'apart');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given a parent that is not there, when a network is made, then docker says so and there is none', async () => {
  const { code, stderr } = await daemon.docker(['network', 'create', '-d', 'macvlan', '-o', 'parent=nosuch0', 'lost']);
  assert.is(code, 1);
  assert.match(stderr, /there is no interface nosuch0/);
  assert.not.match(await docker('network', 'ls'), /lost/);
});

test.run();
