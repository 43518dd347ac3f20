// time limit: 300 s
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { request } from 'node:http';
import { join } from 'node:path';
import * as assert from 'uvu/assert';
import { hostTraces, run } from '@shiplog/test-support';
import { Copies } from './copies.ts';
import { RawConnection } from './raw-http.ts';
import { tarOf } from './tar-of.ts';

const { test, copies } = await Copies.suite('what is recorded of docker cp');

test('given copies and an export, when docker events are asked, then they are told as Docker tells them', async () => {
  const since = (Date.now() / 1000).toFixed(3);
  const name = await copies.made('told', 'created');
  await copies.ok(['cp', join(copies.host, 'file'), `${name}:/etc/f`]);
  await copies.ok(['cp', `${name}:/etc/f`, join(copies.scratch, 'told')]);
  await copies.ok(['export', '-o', join(copies.scratch, 'told.tar'), name]);
  const until = (Date.now() / 1000 + 0.001).toFixed(3);
  const format = '{{.Action}} {{.Actor.Attributes.name}}';
  const told = await copies.ok(['events', '--since', since, '--until', until, '--filter', 'type=container', '--format', format]);
  assert.equal(told.trim().split('\n'), ['create told', 'extract-to-dir told', 'archive-path told', 'export told']);
  const { stdout } = await copies.daemon.shiplog([
    'audit',
    '--object',
    `container/${(await copies.ok(['inspect', '-f', '{{.Id}}', name])).trim()}`,
    '--format',
    'json',
  ]);
  const acts = stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { verb: string; path?: string; status: string });
  const acted = acts.filter(({ verb }) => verb === 'container.extract' || verb === 'container.archive' || verb === 'container.export');
  assert.equal(
    acted.map(({ verb, path, status }) => [verb, path, status]),
    [
      ['container.extract', '/etc', 'ok'],
      ['container.archive', '/etc/f', 'ok'],
      ['container.export', undefined, 'ok'],
    ],
  );
});

test('given a client that hangs up in the middle of a copy, when it is gone, then the container is free and nothing is mounted', async () => {
  const name = await copies.made('left', 'created');
  const connection = RawConnection.request(
    copies.daemon.socket,
    'PUT',
    `/containers/${name}/archive?path=/`,
    { 'Content-Length': '1000000' },
    'x',
  );
  await until(async () => (await copies.daemon.events()).some(({ type }) => type === 'container.extract.requested'));
  connection.hangUp();
  await copies.ok(['start', name]);
  await copies.ok(['stop', '-t', '0', name]);
  // One whose archive goes through a program.
  const packed = execFileSync('xz', ['-c'], { input: await tarOf([{ name: 'noise', text: randomBytes(300_000).toString('hex') }]) });
  const upload = RawConnection.request(copies.daemon.socket, 'PUT', `/containers/${name}/archive?path=/`, { 'Content-Length': '9000000' });
  upload.socket.write(packed.subarray(0, packed.length >> 1));
  const programs = async (): Promise<string> => (await run('pgrep', ['-x', '-P', String(copies.daemon.pid), 'xz'])).stdout;
  await until(async () => (await programs()) !== '');
  upload.hangUp();
  await copies.ok(['start', name]);
  await copies.ok(['stop', '-t', '0', name]);
  assert.is(await programs(), '');
  // One who reads, and takes nothing.
  await copies.ok(['cp', '-', `${name}:/`], { input: await tarOf([{ name: 'large', text: 'x'.repeat(8 << 20) }]) });
  const { reading, close } = await stalled(`/containers/${name}/archive?path=/large`);
  assert.is(await reading, 200);
  close();
  await copies.ok(['start', name]);
  await copies.ok(['stop', '-t', '0', name]);
  const again = await stalled(`/containers/${name}/export`);
  assert.is(await again.reading, 200);
  await copies.ok(['rm', '-f', name]);
  again.close();
});

test('given an engine that is killed while archives come and go, when it is back, then they are recorded as interrupted, and nothing is mounted', async () => {
  const name = await copies.made('killed', 'created', ['-v', 'killed-data:/data']);
  await copies.ok(['cp', '-', `${name}:/`], { input: await tarOf([{ name: 'large', text: 'x'.repeat(8 << 20) }]) });
  const half = (
    await tarOf([
      { name: 'data/whole', text: 'x' },
      { name: 'half', text: 'x'.repeat(100_000) },
    ])
  ).subarray(0, 4096);
  const before = (await copies.daemon.events()).length;
  const connection = RawConnection.request(copies.daemon.socket, 'PUT', `/containers/${name}/archive?path=/`, {
    'Content-Length': '1000000',
  });
  connection.socket.write(half);
  await until(async () => (await copies.daemon.events()).slice(before).some(({ type }) => type === 'container.extract.requested'));
  await until(async () => (await hostTraces(copies.daemon.directory)).some((trace) => trace.includes('rootfs')));
  await copies.daemon.end('SIGKILL');
  connection.hangUp();
  await copies.daemon.start();
  const after = (await copies.daemon.events()).slice(before);
  const outcome = after.find(({ type }) => type === 'container.extract.failed');
  assert.is(outcome?.result?.error?.code, 'CANCELED');
  assert.equal(
    after.filter(({ type }) => type === 'host.drifted'),
    [],
  );
  assert.equal(
    (await hostTraces(copies.daemon.directory)).filter((trace) => /^(mount|rootfs) /.test(trace) && trace.includes('rootfs')),
    [],
  );
  const between = (await copies.daemon.events()).length;
  const { reading, close } = await stalled(`/containers/${name}/archive?path=/large`);
  assert.is(await reading, 200);
  await copies.daemon.end('SIGKILL');
  close();
  await copies.daemon.start();
  assert.equal(
    (await hostTraces(copies.daemon.directory)).filter((trace) => trace.includes('rootfs')),
    [],
  );
  const told = (await copies.daemon.events()).slice(between);
  assert.is(told.find(({ type }) => type === 'container.archive.failed')?.result?.error?.code, 'CANCELED');
  assert.equal(
    told.filter(({ type }) => type === 'host.drifted'),
    [],
  );
  await copies.ok(['start', name]);
});

test('given all of the above, when the host is looked at, then nothing of it is left', () => copies.isClean());

/** A GET whose answer begins and is not read. */
async function stalled(path: string): Promise<{ readonly reading: Promise<number>; close(): void }> {
  const call = request({ socketPath: copies.daemon.socket, method: 'GET', path, agent: false });
  call.on('error', () => undefined);
  const reading = new Promise<number>((resolve, reject) => {
    call.on('response', (response) => {
      response.pause();
      response.on('error', () => undefined);
      resolve(response.statusCode ?? 0);
    });
    call.on('error', reject);
  });
  call.end();
  return { reading, close: () => void call.destroy() };
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

test.run();
