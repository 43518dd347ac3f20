import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { ROUTES as DOCKER_ROUTES } from '@shiplog/api-docker';
import { busyboxArchive, busyboxLayout, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { IMAGE, prepare } from './audit-cases.ts';
import { ask, RawConnection } from './raw-http.ts';

const test = suite('reads that are recorded');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-recorded-reads-'));
const daemon = await TestDaemon.start();
const registry = await TestRegistry.start();

test.before(async () => {
  await busyboxLayout(join(scratch, 'layout'), 'latest');
  await registry.push(`oci:${join(scratch, 'layout')}:latest`, 'app:1');
  const archive = join(scratch, 'busybox.tar');
  await busyboxArchive(archive, IMAGE);
  await prepare(daemon, archive);
});

test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await rm(scratch, { recursive: true, force: true });
});

test('given each route that leaves a record without a command, when it is asked, then it leaves one with the caller and what came of it, also where it is refused', async () => {
  const { body } = await ask(daemon.socket, 'GET', '/containers/busy/json');
  const { Id: id } = JSON.parse(body) as { readonly Id: string };
  const login = JSON.stringify({ username: 'alice', password: 'hunter2-hunter2', serveraddress: registry.host });
  const handshake = {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Version': '13',
    'Sec-WebSocket-Key': Buffer.alloc(16).toString('base64'),
  };
  const requests = [
    ['registry.login', 'POST', '/auth', '/auth', login, '{'],
    ['container.attach', 'POST', '/containers/busy/attach?stream=1&stdout=1', '/containers/nobody/attach', '', ''],
    ['container.attach', 'GET', '/containers/busy/attach/ws?stream=1&stdout=1', '/containers/nobody/attach/ws', '', ''],
    ['container.logs', 'GET', '/containers/busy/logs?stdout=1', '/containers/busy/logs', '', ''],
    ['container.top', 'GET', '/containers/busy/top', '/containers/nobody/top', '', ''],
    ['registry.inspect', 'GET', `/distribution/${registry.host}/app:1/json`, '/distribution/No%20Name/json', '', ''],
    ['image.save', 'GET', `/images/${encodeURIComponent(IMAGE)}/get`, '/images/nobody/get', '', ''],
  ] as const;
  assert.equal(new Set(DOCKER_ROUTES.flatMap(({ leaves }) => leaves ?? [])), new Set(requests.map(([verb]) => verb as string)));
  for (const [verb, method, good, bad, right, wrong] of requests) {
    for (const [path, sent, served] of [
      [good, right, true],
      [bad, wrong, false],
      [`/v9.99${good}`, right, false],
    ] as const) {
      const before = (await daemon.events()).at(-1)?.seq ?? -1;
      const connection = RawConnection.request(
        daemon.socket,
        method,
        path,
        path.includes('/attach/ws') ? handshake : { 'Content-Type': 'application/json' },
        sent,
      );
      await connection.hears(/^HTTP/);
      // Who is attached is answered before that is recorded: only the bytes wait.
      let found: Awaited<ReturnType<typeof daemon.events>> = [];
      for (const until = performance.now() + 60_000; found.length === 0 && performance.now() < until; await sleep(20))
        found = (await daemon.events()).filter(({ seq, type, actor }) => seq > before && actor.scheme === 'unix' && type !== 'log.read');
      connection.hangUp();
      assert.is(found.length, 1, `${path}: ${found.map(({ type }) => type).join()}`);
      const [event] = found;
      assert.equal([event?.kind, event?.actor.uid, event?.actor.pid], ['meta', process.getuid?.(), process.pid]);
      if (!served) {
        assert.equal(
          [event?.type, (event?.data as { verb?: string } | undefined)?.verb, event?.result?.status],
          ['request.refused', verb, 'refused'],
          path,
        );
        continue;
      }
      const isRegistry = verb.startsWith('registry.');
      assert.is(event?.type, isRegistry ? verb : 'content.read', path);
      if (!isRegistry) assert.is((event?.data as { verb?: string } | undefined)?.verb, verb);
      if (verb.startsWith('container.')) assert.is(event?.stream, `container/${id}`);
      assert.not.match(JSON.stringify(event), 'hunter2');
    }
  }
});

test('given containers that are run, attached to, left and looked at, when Docker’s events are asked for, then they are told as Docker does', async () => {
  const since = String(Date.now() / 1000);
  const ran = await daemon.docker(['run', '--name', 'seen', IMAGE, 'echo', 'hello']);
  assert.equal([ran.code, ran.stdout], [0, 'hello\n']);
  assert.is((await daemon.docker(['logs', 'seen'])).stdout, 'hello\n');
  await daemon.docker(['run', '-dit', '--name', 'kept', IMAGE, 'cat']);
  await daemon.docker(['top', 'kept']);
  const attached = RawConnection.request(daemon.socket, 'POST', '/containers/kept/attach?stream=1&stdin=1&stdout=1&detachKeys=ctrl-a', {
    Connection: 'Upgrade',
    Upgrade: 'tcp',
  });
  await attached.hears(/101 /);
  attached.socket.write('typed\r\x01');
  // The daemon ends its side once it is recorded that the keys came.
  await attached.end();
  attached.hangUp();
  const until = String(Date.now() / 1000 + 0.001);
  const told = await daemon.docker([
    'events',
    '--since',
    since,
    '--until',
    until,
    '--filter',
    'type=container',
    '--format',
    '{{.Actor.Attributes.name}} {{.Action}}',
  ]);
  const of = (name: string): readonly string[] =>
    told.stdout
      .trim()
      .split('\n')
      .filter((line) => line.startsWith(`${name} `))
      .map((line) => line.slice(name.length + 1));
  assert.equal(of('seen'), ['create', 'attach', 'start', 'die']);
  assert.equal(
    of('kept').filter((action) => action !== 'resize'),
    ['create', 'start', 'top', 'attach', 'detach'],
  );
  const rows = (await daemon.shiplog(['audit', '--object', 'kept', '--verb', 'container.attach'])).stdout;
  assert.match(rows, /container\.attach +container\/[0-9a-f]{12} \(kept\) by stdin, stdout +ok/);
});

test.run();
