// time limit: 240 s
import { mkdtemp, readdir, readFile, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { busyboxArchive, hostTraces, TestDaemon } from '@shiplog/test-support';
import { ask, RawConnection } from './raw-http.ts';

const IMAGE = 'busybox:test';
const UPGRADE = { Connection: 'Upgrade', Upgrade: 'tcp' };

const test = suite('clients');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-clients-'));
const archive = join(scratch, 'busybox.tar');
const daemon = await TestDaemon.start();

test.before(async () => {
  await busyboxArchive(archive, IMAGE);
  assert.is((await daemon.docker(['load', '-q', '-i', archive])).code, 0);
});

test.after(async () => {
  await daemon.destroy();
  await rm(scratch, { recursive: true, force: true });
});

async function create(command: readonly string[], extra: object = {}): Promise<string> {
  const { status, body } = await ask(daemon.socket, 'POST', '/containers/create', JSON.stringify({ Image: IMAGE, Cmd: command, ...extra }));
  assert.is(status, 201, body);
  return (JSON.parse(body) as { Id: string }).Id;
}

async function start(id: string): Promise<void> {
  assert.is((await ask(daemon.socket, 'POST', `/containers/${id}/start`)).status, 204);
}

async function remove(id: string): Promise<void> {
  assert.is((await ask(daemon.socket, 'DELETE', `/containers/${id}?force=1`)).status, 204);
}

const STDIO = { AttachStdin: true, AttachStdout: true, AttachStderr: true, OpenStdin: true, StdinOnce: true };

const CHUNKED = { 'Content-Length': '', 'Transfer-Encoding': 'chunked' };

for (const [how, headers, chunk, end] of [
  ['an upgrade', UPGRADE, 'typed\n', ''],
  ['a chunked body', CHUNKED, '6\r\ntyped\n\r\n', '0\r\n\r\n'],
] as const) {
  test(`given an attach by ${how}, when the client ends its side, then the process reads the end and its answer still comes`, async () => {
    const id = await create(['sh', '-c', 'cat; echo after; echo problem >&2'], STDIO);
    const attached = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`, headers);
    await attached.hears(/\r\n\r\n/);
    assert.match(attached.heard, how === 'an upgrade' ? /^HTTP\/1\.1 101 / : /^HTTP\/1\.1 200 /);
    await start(id);
    attached.socket.write(chunk);
    await attached.hears(/typed\n/);
    assert.not.match(attached.heard, 'after');
    // Of a chunked body the last chunk is the end; the connection may go on.
    if (end === '') attached.socket.end();
    else attached.socket.write(end);
    await attached.hears(/after\n[^]*problem\n|problem\n[^]*after\n/);
    if (end === '') await attached.end();
    attached.hangUp();
    await remove(id);
  });
}

test('given an attach, when the process ends first, then the daemon ends its side though the client did not', async () => {
  const id = await create(['echo', 'brief'], STDIO);
  const attached = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/attach?stream=1&stdin=1&stdout=1&stderr=1`, UPGRADE);
  await attached.hears(/101 /);
  await start(id);
  assert.match(await attached.end(), 'brief\n');
  attached.hangUp();
  await remove(id);
});

test('given bytes sent right behind the head of an attach, when it switches, then none of them is lost', async () => {
  const id = await create(['head', '-c', '6'], STDIO);
  await start(id);
  const attached = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/attach?stream=1&stdin=1&stdout=1`, UPGRADE);
  attached.socket.write('early\n');
  assert.match(await attached.end(), 'early\n');
  attached.hangUp();
  await remove(id);
});

test('given each condition, when it is waited for, then the headers come at once and the code when it holds', async () => {
  const id = await create(['sh', '-c', 'exit 9']);
  const next = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/wait?condition=next-exit`);
  const removed = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/wait?condition=removed`);
  const never = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/wait`);
  // Created is not running: this one is answered now.
  await never.hears(/\{"StatusCode":0\}/);
  for (const waiting of [next, removed]) await waiting.hears(/^HTTP\/1\.1 200 [^]*\r\n\r\n/);
  assert.not.match(next.heard, 'StatusCode');
  await start(id);
  await next.hears(/\{"StatusCode":9\}/);
  const again = RawConnection.request(daemon.socket, 'POST', `/containers/${id}/wait?condition=not-running`);
  await again.hears(/\{"StatusCode":9\}/);
  assert.not.match(removed.heard, 'StatusCode');
  await remove(id);
  await removed.hears(/\{"StatusCode":9\}/);
  for (const one of [next, removed, never, again]) one.hangUp();
  assert.is((await ask(daemon.socket, 'POST', `/containers/${id}/wait`)).status, 404);
  assert.is((await ask(daemon.socket, 'POST', `/containers/${id}/wait?condition=soon`)).status, 400);
});

test('given a past and filters, when events are asked for between two times, then these and no others come, in order, and the answer ends', async () => {
  const before = (Date.now() / 1000).toFixed(9);
  const id = await create(['true'], { Labels: { mark: 'events' } });
  await start(id);
  await ask(daemon.socket, 'POST', `/containers/${id}/wait`);
  await remove(id);
  const after = (Date.now() / 1000 + 0.001).toFixed(9);
  // What comes now is later than that.
  await sleep(10);
  const other = await create(['true'], { Labels: { mark: 'events' } });
  const events = async (filters: object): Promise<string[]> => {
    const { status, body } = await ask(
      daemon.socket,
      'GET',
      `/events?since=${before}&until=${after}&filters=${encodeURIComponent(JSON.stringify(filters))}`,
    );
    assert.is(status, 200, body);
    return body
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => (JSON.parse(line) as { Action: string }).Action);
  };
  assert.equal(await events({ container: [id] }), ['create', 'start', 'die', 'destroy']);
  assert.equal(await events({ label: ['mark=events'], event: ['create', 'destroy'] }), ['create', 'destroy']);
  assert.equal(await events({ type: ['image'] }), []);
  assert.equal(await events({ container: ['nobody'] }), []);
  assert.is((await ask(daemon.socket, 'GET', '/events?since=yesterday')).status, 400);
  await remove(other);
});

test('given clients that follow, when they hang up, then the daemon lets go of their connections and works on', async () => {
  const id = await create(['sh', '-c', 'while true; do echo tick; sleep 0.05; done'], STDIO);
  await start(id);
  // The container's log is opened a moment after its start, and stays open.
  const logged = async (): Promise<string> => (await ask(daemon.socket, 'GET', `/containers/${id}/logs?stdout=1`)).body;
  await eventually(async () => (await logged()).includes('tick'), logged);
  const before = await steadyDescriptors();
  const calls = Array.from({ length: 10 }, () => [
    RawConnection.request(daemon.socket, 'POST', `/containers/${id}/attach?stream=1&stdout=1`, UPGRADE),
    RawConnection.request(daemon.socket, 'GET', `/containers/${id}/logs?follow=1&stdout=1`),
    RawConnection.request(daemon.socket, 'POST', `/containers/${id}/wait?condition=next-exit`),
    RawConnection.request(daemon.socket, 'GET', '/events'),
  ]).flat();
  for (const call of calls) await call.hears(/HTTP\/1\.1 (200|101)/);
  for (const call of calls.slice(0, 2)) await call.hears(/tick/);
  assert.ok((await descriptors()) >= before + calls.length);
  for (const call of calls) call.hangUp();
  await eventually(
    async () => (await descriptors()) <= before,
    async () => `${await descriptors()} descriptors, ${before} before`,
  );
  assert.equal(JSON.parse((await ask(daemon.socket, 'GET', `/containers/${id}/json`)).body).State.Status, 'running');
  await remove(id);
});

test('given a load, when the client hangs up half-way, then nothing of it stays and the outcome says canceled', async () => {
  const bytes = await readFile(archive);
  const before = await stored();
  const loading = RawConnection.request(daemon.socket, 'POST', '/images/load', {
    'Content-Length': String(bytes.length),
    'Content-Type': 'application/x-tar',
  });
  loading.socket.write(bytes.subarray(0, bytes.length >> 1));
  await eventually(
    async () => (await stored()).some((name) => name.includes('ingest/')),
    async () => 'the load did not begin',
  );
  loading.hangUp();
  const outcome = async () => (await daemon.events()).findLast((event) => event.type === 'image.load.failed');
  await eventually(
    async () => (await outcome()) !== undefined,
    async () => 'the load has no outcome',
  );
  assert.is((await outcome())?.result?.status, 'canceled');
  assert.equal(await stored(), before);
  assert.is((await daemon.docker(['load', '-q', '-i', archive])).code, 0);
});

test('given a create whose body never ends, when the client hangs up, then it is recorded as canceled and the daemon is well', async () => {
  const call = RawConnection.request(
    daemon.socket,
    'POST',
    '/containers/create',
    { 'Content-Length': '1000', 'Content-Type': 'application/json' },
    '{"Image":',
  );
  // What was not sent yet goes with the connection.
  await new Promise((sent) => call.socket.write('"', sent));
  call.hangUp();
  await eventually(
    async () => (await daemon.events()).some((event) => event.type === 'container.create.failed' && event.result?.status === 'canceled'),
    async () => 'the request left no outcome',
  );
});

test('given 20 clients at once, when each runs a container on the bridge, then each hears its own and nothing is left', async () => {
  const ran = await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      daemon.docker(['run', '--rm', '--network', 'bridge', IMAGE, 'echo', `I am ${index}`], { timeoutMs: 60_000 }),
    ),
  );
  assert.equal(
    ran.map(({ code, stdout, stderr }) => `${code} ${stdout}${stderr}`),
    Array.from({ length: 20 }, (_, index) => `0 I am ${index}\n`),
  );
  await eventually(
    async () => (await daemon.docker(['ps', '-aq'])).stdout === '',
    async () => (await daemon.docker(['ps', '-a'])).stdout,
  );
  assert.equal(await hostTraces(daemon.directory), []);
});

test('given one root, when two daemons are started at once, then one serves and the other says why it does not', async () => {
  await daemon.end();
  const twin = TestDaemon.beside(daemon);
  const started = await Promise.allSettled([daemon.start(), twin.start()]);
  try {
    assert.equal(started.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected']);
    for (const one of started) if (one.status === 'rejected') assert.match(String(one.reason), /another engine uses/);
    const winner = started[0].status === 'fulfilled' ? daemon : twin;
    assert.is((await winner.docker(['run', '--rm', IMAGE, 'true'])).code, 0);
  } finally {
    await twin.end();
    await daemon.end();
    await daemon.start();
  }
  assert.is((await daemon.shiplog(['log', 'verify'])).code, 0);
});

test('given all of the above, when the log is read, then each operation has one intent and one outcome', async () => {
  const operations = new Map<string, string[]>();
  for (const { op, kind, type } of await daemon.events())
    if (kind === 'intent' || kind === 'outcome') operations.set(op, [...(operations.get(op) ?? []), `${kind} ${type}`]);
  assert.equal(
    [...operations.values()].filter((all) => all.length !== 2 || !all[0]?.startsWith('intent') || !all[1]?.startsWith('outcome')),
    [],
  );
});

/** How many files and sockets the daemon has open, without those of the log: its database opens and closes them as it needs to. */
async function descriptors(): Promise<number> {
  const directory = `/proc/${daemon.pid}/fd`;
  const names = await readdir(directory);
  const targets = await Promise.all(names.map((name) => readlink(join(directory, name)).catch(() => '')));
  return targets.filter((target) => target !== '' && !target.startsWith(join(daemon.directory, 'root/log'))).length;
}

/** The same, once they have not changed for half a second. */
async function steadyDescriptors(): Promise<number> {
  let found = await descriptors();
  for (let same = 0; same < 10;) {
    await sleep(50);
    const now = await descriptors();
    same = now === found ? same + 1 : 0;
    found = now;
  }
  return found;
}

/** Names of all that images and storage hold. */
async function stored(): Promise<string[]> {
  return (await readdir(join(daemon.directory, 'root/drivers'), { recursive: true })).filter((name) => !name.includes('/diff/')).toSorted();
}

async function eventually(holds: () => Promise<boolean>, why: () => Promise<string>): Promise<void> {
  for (const until = performance.now() + 60_000; performance.now() < until; await sleep(25)) if (await holds()) return;
  assert.unreachable(`not within 60 s: ${await why()}`);
}

test.run();
