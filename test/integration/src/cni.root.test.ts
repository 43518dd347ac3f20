// time limit: 180 s
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('cni, with the docker command');
// No gateway, no masquerade: nothing of this is in the host's own firewall but the guard.
const LIST = { cniVersion: '1.0.0', name: 'apart', plugins: [{ type: 'bridge', ipam: { type: 'host-local' } }, { type: 'tuning' }] };
const lists = await mkdtemp(join(tmpdir(), 'shiplog-conflists-'));
const config = join(lists, 'config.json');
await writeFile(join(lists, '10-apart.conflist'), JSON.stringify(LIST));
await writeFile(config, JSON.stringify({ driverOptions: { 'network/cni': { 'conflist-directory': lists } } }));
const { daemon, done } = await prepare(['--config', config]);
test.after(async () => {
  await done();
  await rm(lists, { recursive: true, force: true });
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

test('given a network of a list, when two containers join, then they reach each other, also after the daemon is killed and the list is gone, and nothing stays', async () => {
  await docker('network', 'create', '-d', 'cni', '-o', 'cni.conflist=apart', '--subnet', '198.18.201.0/24', 'lab');
  await docker('run', '-d', '--name', 'server', '--network', 'lab', '--ip', '198.18.201.7', IMAGE, 'httpd', '-f', '-h', '/www');
  const ask = ['run', '--rm', '--network', 'lab', IMAGE, 'wget', '-q', '-O', '-', 'http://198.18.201.7/'];
  const page = await docker(...ask);
  assert.is.not(page, '');
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await docker(...ask), page);
  await rm(join(lists, '10-apart.conflist'));
  await docker('rm', '-f', 'server');
  await docker('network', 'rm', 'lab');
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given no such list, when a network is made, then docker says so and there is none', async () => {
  const { code, stderr } = await daemon.docker(['network', 'create', '-d', 'cni', '-o', 'cni.conflist=nowhere', 'lost']);
  assert.is(code, 1);
  assert.match(stderr, /there is no CNI configuration list 'nowhere'/);
  assert.not.match(await docker('network', 'ls'), /lost/);
});

test.run();
