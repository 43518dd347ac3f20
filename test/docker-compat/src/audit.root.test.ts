// time limit: 1200 s
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { REFUSED, ROUTES as DOCKER_ROUTES } from '@shiplog/api-docker';
import { ROUTES as NATIVE_ROUTES } from '@shiplog/api-native';
import { busyboxArchive, run, TestDaemon, TestRegistry } from '@shiplog/test-support';
import { asNobody, auditCases, IMAGE, NOBODY, prepare } from './audit-cases.ts';
import { ask, RawConnection } from './raw-http.ts';

const test = suite('audit');
const scratch = await mkdtemp(join(tmpdir(), 'shiplog-audit-'));
const archive = join(scratch, 'busybox.tar');
const images = join(scratch, 'images');
await mkdir(images);
const config = join(scratch, 'shiplogd.json');
await writeFile(config, JSON.stringify({ driverOptions: { 'image-source/directory': { path: images } } }));
const daemon = await TestDaemon.start({ extra: ['--config', config] });
const registry = await TestRegistry.start();
const CASES = auditCases(daemon, scratch, registry.host);

test.before(async () => {
  await busyboxArchive(archive, IMAGE);
  await prepare(daemon, archive);
});

test.after(async () => {
  await daemon.destroy();
  await registry.stop();
  await rm(scratch, { recursive: true, force: true });
});

/** The operations a request left: those that came after `seq`, asked for by this process. */
async function left(seq: number) {
  const asked = (await daemon.events(seq + 1)).filter(
    (event) => event.actor.scheme === 'unix' && (event.kind === 'intent' || event.kind === 'outcome'),
  );
  return { asked, kinds: asked.map((event) => `${event.kind} ${event.type}`) };
}

let last = 0;

/** Of the last event. */
async function position(): Promise<number> {
  last = (await daemon.events(last)).at(-1)?.seq ?? -1;
  return last;
}

const ownStart = Number((await readFile('/proc/self/stat', 'utf8')).replace(/^.*\) /s, '').split(' ')[19]);

test('given the route tables of both APIs, when routes that change something are compared with the cases below, then each has one or changes nothing', () => {
  const verbs = new Set<string>(CASES.map(({ verb }) => verb));
  const refused = new Set(REFUSED);
  const missing = DOCKER_ROUTES.filter(
    (entry) =>
      !refused.has(entry) &&
      entry.harmless !== true &&
      entry.leaves === undefined &&
      !['GET', 'HEAD', 'OPTIONS'].includes(entry.method) &&
      [entry.verb ?? 'none'].flat().some((verb) => !verbs.has(verb)),
  ).map(({ method, template }) => `${method} ${template}`);
  assert.equal(missing, []);
  assert.equal(
    DOCKER_ROUTES.filter(({ harmless }) => harmless === true).map(({ method, template }) => `${method} ${template}`),
    ['POST /build/prune', 'POST /containers/{id}/wait'],
  );
  assert.equal(
    NATIVE_ROUTES.filter((route) => route.method !== undefined && (route.verbs ?? ['none']).some((verb) => !verbs.has(verb))).map(
      ({ path }) => path,
    ),
    [],
  );
  assert.equal(
    [...verbs].filter(
      (verb) =>
        !DOCKER_ROUTES.some((route) => [route.verb ?? []].flat().some((one) => one === verb)) &&
        !NATIVE_ROUTES.some((route) => route.verbs?.some((one) => one === verb)),
    ),
    [],
    'cases of no route',
  );
});

for (const { verb, good, goodStatus, bad } of CASES) {
  test(`given a valid ${verb}, when it is answered, then the log has one intent and one outcome of the caller`, async () => {
    const request = await good();
    const before = await position();
    const answer = await ask(daemon.socket, request.method, request.path, request.body);
    assert.is(answer.status, goodStatus, answer.body);
    const { asked, kinds } = await left(before);
    assert.equal(kinds, [`intent ${verb}.requested`, `outcome ${verb}.succeeded`]);
    for (const { actor, op } of asked) {
      assert.equal([actor.uid, actor.gid, actor.pid, Number(actor.start)], [process.getuid?.(), process.getgid?.(), process.pid, ownStart]);
      assert.is(op, asked[0]?.op);
    }
    assert.is(asked[1]?.result?.status, 'ok');
  });

  for (const { status, ...request } of bad) {
    const what = typeof request.body === 'string' ? ` with ${request.body}` : '';
    test(`given a ${verb} as ${request.method} ${request.path}${what}, when it is refused with ${status}, then the log has one intent and one outcome with the error`, async () => {
      const before = await position();
      const answer = await ask(daemon.socket, request.method, request.path, request.body);
      assert.is(answer.status, status, answer.body);
      const message = /"message":"((?:[^"\\]|\\.)+)"/.exec(answer.body)?.[1] ?? '';
      assert.ok(message.length > 3 || request.method === 'HEAD', answer.body);
      const { asked, kinds } = await left(before);
      assert.equal(kinds, [`intent ${verb}.requested`, `outcome ${verb}.failed`]);
      assert.match(asked[1]?.result?.status ?? '', /^(refused|failed)$/);
      assert.ok(asked[1]?.result?.error !== undefined);
      for (const { actor } of asked) assert.equal([actor.uid, actor.pid], [process.getuid?.(), process.pid]);
    });
  }
}

test('given another user, when it asks, then the log names that user and no other', async () => {
  const before = await position();
  assert.is((await asNobody(daemon, ['create', '--name', 'by-nobody', IMAGE, 'true'])).code, 0);
  assert.is.not((await asNobody(daemon, ['rm', 'nobody-knows-it'])).code, 0);
  const { asked, kinds } = await left(before);
  assert.equal(kinds, [
    'intent container.create.requested',
    'outcome container.create.succeeded',
    'intent container.remove.requested',
    'outcome container.remove.failed',
  ]);
  for (const { actor } of asked) {
    assert.equal([actor.uid, actor.gid], [NOBODY, NOBODY]);
    assert.is.not(actor.pid, process.pid);
    assert.ok(Number(actor.start) >= ownStart);
    assert.match(String((actor as { exe?: string }).exe), /docker$/);
  }
  const denied = await run('setpriv', ['--reuid', String(NOBODY), '--regid', String(NOBODY), '--clear-groups', 'docker', 'ps'], {
    env: daemon.env,
  });
  assert.is.not(denied.code, 0);
});

/** Waits until what came after `seq` is settled, and answers it. */
async function settled(seq: number) {
  for (const until = performance.now() + 60_000; ; await sleep(50)) {
    const found = await left(seq);
    if (found.kinds.length > 0 && found.kinds.filter((kind) => kind.startsWith('intent')).length * 2 === found.kinds.length) return found;
    if (performance.now() > until) return found;
  }
}

for (const { verb, good } of CASES) {
  test(`given a ${verb}, when the caller hangs up as soon as it has asked, then the log has one intent and one outcome`, async () => {
    const { method, path, body } = await good();
    const before = await position();
    const connection = RawConnection.request(daemon.socket, method, path, {
      'Content-Type': typeof body === 'string' ? 'application/json' : 'application/x-tar',
      'Content-Length': String(Buffer.byteLength(body ?? '')),
    });
    connection.socket.write(body ?? '', () => connection.hangUp());
    const { asked, kinds } = await settled(before);
    assert.equal(
      kinds.map((kind) => kind.replace(/succeeded|failed/, 'ended')),
      [`intent ${verb}.requested`, `outcome ${verb}.ended`],
    );
    assert.is(asked[0]?.op, asked[1]?.op);
  });
}

for (const { verb, good } of CASES) {
  test(`given a ${verb} with a body, when the caller hangs up before it is whole, then the log has one intent and one outcome that says why`, async () => {
    const { method, path, body } = await good();
    if (body === undefined) return;
    const before = await position();
    const half = Buffer.from(body).subarray(0, Math.floor(body.length / 2));
    const connection = RawConnection.request(daemon.socket, method, path, {
      'Content-Type': typeof body === 'string' ? 'application/json' : 'application/x-tar',
      'Content-Length': String(Buffer.byteLength(body)),
    });
    connection.socket.write(half, () => setTimeout(() => connection.hangUp(), 20));
    const { asked, kinds } = await settled(before);
    assert.equal(kinds, [`intent ${verb}.requested`, `outcome ${verb}.failed`]);
    assert.match(asked[1]?.result?.status ?? '', /^(refused|failed|canceled)$/);
  });
}

test('given every verb, when the daemon is killed while it is under way, then each intent has one outcome after the next start', async () => {
  for (const [index, { good }] of CASES.entries()) {
    const { method, path, body } = await good();
    const asking = ask(daemon.socket, method, path, body).catch(() => undefined);
    await sleep((index * 7) % 23);
    await daemon.end('SIGKILL');
    await asking;
    await daemon.start();
  }
  const unpaired = async (): Promise<readonly (readonly string[])[]> => {
    const kinds = new Map<string, string[]>();
    for (const { op, kind, type } of await daemon.events())
      if (kind === 'intent' || kind === 'outcome') kinds.set(op, [...(kinds.get(op) ?? []), `${kind} ${type}`]);
    assert.ok(kinds.size > 100);
    return [...kinds.values()].filter((all) => !/^intent [a-z.]+,outcome [a-z.]+$/.test(all.join()));
  };
  // What the engine asks for itself after its start may be under way still.
  for (const until = performance.now() + 60_000; performance.now() < until && (await unpaired()).length > 0;) await sleep(100);
  assert.equal(await unpaired(), []);
});

test('given all of the above, when the log is checked, then it is whole', async () => {
  assert.is((await daemon.shiplog(['log', 'verify'])).code, 0);
});

test.run();
