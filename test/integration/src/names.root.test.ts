// time limit: 240 s
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { hostTraces } from '@shiplog/test-support';
import { IMAGE, prepare } from './prepare.ts';

const test = suite('names of containers');
const { daemon, done } = await prepare();

/** A name server of the host that knows one answer: it repeats the question, and says 192.0.2.80. */
const ELSEWHERE = '127.53.9.53';
const upstream = createSocket('udp4');
const heard: string[] = [];
upstream.on('message', (query, { address, port }) => {
  heard.push(query.toString('latin1'));
  const answer = Buffer.concat([query.subarray(0, 2), Buffer.from('8180000100010000', 'hex')]);
  // The header is twelve bytes; the question ends with type and class, behind the first zero byte from there.
  const question = query.subarray(12, query.indexOf(0, 12) + 5);
  const record = Buffer.from('c00c000100010000003c0004c0000250', 'hex');
  upstream.send(Buffer.concat([answer, Buffer.alloc(2), question, record]), port, address);
});

test.before(async () => {
  upstream.bind(53, ELSEWHERE);
  await once(upstream, 'listening');
});
test.after(async () => {
  upstream.close();
  await done();
});

const docker = (...args: readonly string[]): Promise<string> => daemon.said(args);

const page = (from: string, name: string): Promise<string> => docker('exec', from, 'wget', '-q', '-O', '-', `http://${name}/`);
const asked = async (from: string, name: string): Promise<string> => {
  const { stdout, stderr } = await daemon.docker(['exec', from, 'busybox', 'nslookup', '-type=a', name]);
  return stdout + stderr;
};

test('given a network that a user made, when containers ask for each other, then they are found by name, alias and id, also after a crash', async () => {
  await docker('network', 'create', '--subnet', '198.18.226.0/24', 'lan');
  const id = await docker(
    'run',
    '-d',
    '--name',
    'server',
    '--network',
    'lan',
    '--network-alias',
    'www',
    IMAGE,
    'httpd',
    '-f',
    '-h',
    '/www',
  );
  await docker('run', '-d', '--name', 'client', '--network', 'lan', IMAGE, 'sleep', '600');
  for (const name of ['server', 'SERVER', 'www', id.slice(0, 12), 'server.lan']) assert.is(await page('client', name), 'hello', name);
  const address = await docker('inspect', '-f', '{{.NetworkSettings.Networks.lan.IPAddress}}', 'server');
  assert.match(await docker('exec', 'client', 'busybox', 'nslookup', address), /name = server\.lan/);
  assert.match(await docker('exec', 'client', 'cat', '/etc/resolv.conf'), /^nameserver 127\.0\.0\.11$/m);
  await daemon.end('SIGKILL');
  await daemon.start();
  assert.is(await page('client', 'server'), 'hello');
  await docker('rename', 'server', 'renamed');
  assert.is(await page('client', 'renamed'), 'hello');
  await docker('rm', '-f', 'renamed');
  assert.match((await daemon.docker(['exec', 'client', 'wget', '-q', '-O', '-', 'http://renamed/'])).stderr, /bad address/);
});

test('given a container that has a name server of its own, when others ask theirs and it asks for others, then both are answered', async () => {
  await docker('run', '-d', '--name', 'own', '--network', 'lan', IMAGE, 'sh', '-c', 'while true; do echo mine | nc -l -p 53; done');
  await docker('run', '-d', '--name', 'server', '--network', 'lan', IMAGE, 'httpd', '-f', '-h', '/www');
  assert.is(await page('own', 'server'), 'hello');
  assert.is(await docker('exec', 'client', 'nc', '-w', '10', 'own', '53'), 'mine');
  await docker('rm', '-f', 'own', 'server');
});

test('given other names, when they are asked for, then the host asks for those on networks with a way out, and for nobody else', async () => {
  await docker('network', 'create', '--internal', '--subnet', '198.18.227.0/24', 'closed');
  await docker('run', '-d', '--name', 'outside', '--network', 'lan', '--dns', ELSEWHERE, IMAGE, 'sleep', '600');
  await docker('run', '-d', '--name', 'inside', '--network', 'closed', '--dns', ELSEWHERE, IMAGE, 'sleep', '600');
  assert.match(await asked('outside', 'example.test'), /192\.0\.2\.80/);
  assert.ok(heard.length > 0);
  const before = heard.length;
  assert.match(await asked('outside', 'inside'), /192\.0\.2\.80/, 'a name of another network is no name here');
  assert.is(heard.length, before + 1);
  assert.match(await asked('inside', 'example.test'), /REFUSED/);
  assert.match(await asked('inside', 'inside'), /Address/);
  assert.is(heard.length, before + 1);
  await docker('network', 'connect', 'lan', 'inside');
  assert.match(await asked('inside', 'example.test'), /192\.0\.2\.80/);
  assert.match(await asked('inside', 'outside'), /Address/);
});

test('given the network of the first start, when its containers ask for each other, then they are not found, as with Docker', async () => {
  await docker('run', '-d', '--name', 'plain', IMAGE, 'sleep', '600');
  assert.not.match(await docker('exec', 'plain', 'cat', '/etc/resolv.conf'), /127\.0\.0\.11/);
  await docker('rm', '-f', 'plain', 'client', 'outside', 'inside');
  await docker('network', 'rm', 'lan', 'closed');
  assert.equal(await hostTraces(daemon.directory), []);
});

test.run();
