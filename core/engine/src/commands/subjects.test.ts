import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type Actor, type Caller, ShiplogError } from '@shiplog/contracts';
import { eventsOf, SimDisk, simEngine } from '../testing/sim-engine.ts';
import { comesToEnd, SimWorld } from '../testing/sim-world.ts';

const test = suite('subjects');

const as = (actor: Actor): Caller => ({ actor });
const ALICE: Actor = { scheme: 'unix', uid: 0, gid: 0, pid: 4242, loginuid: 54321, exe: '/home/alice/bin/docker' };
const BOB: Actor = { scheme: 'tls', subject: 'CN=bob', fingerprint: 'AA:BB', address: '10.0.0.7:55' };

async function volume(engine: Awaited<ReturnType<typeof simEngine>>, name: string, actor: Actor): Promise<void> {
  await engine.execute('volume.create', { name, driver: 'local', options: {}, labels: {} }, as(actor));
}

test('given callers, when they act, then the log says nothing of them that reads, and opens what it sealed', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk());
  await volume(engine, 'v1', ALICE);
  await volume(engine, 'v2', BOB);
  await engine.refuse('volume.create', new ShiplogError('REQUEST_INVALID', 'no'), as({ scheme: 'tcp', address: '10.9.8.7:66' }));
  const events = await eventsOf(engine);
  for (const personal of ['54321', '4242', 'alice', 'bob', 'AA:BB', '10.0.0.7', '10.9.8.7'])
    assert.not.match(JSON.stringify(events), personal);
  const open = await engine.callers();
  const callers = events.filter(({ type }) => type.startsWith('volume.create.')).map(({ actor }) => open(actor));
  assert.equal(callers, [ALICE, ALICE, BOB, BOB, { scheme: 'tcp', address: '10.9.8.7:66' }, { scheme: 'tcp', address: '10.9.8.7:66' }]);
  const boxes = events.flatMap(({ actor }) => (actor.scheme === 'sealed' ? [actor.box] : []));
  assert.is(new Set(boxes).size, 3, 'a connection is sealed once');
  await engine.stop('test');
});

test('given a sealed caller in a command, when it is recorded again, then it stays as it was', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk());
  const sealed: Actor = { scheme: 'sealed', was: 'unix', subject: 'f00df00df00df00d', box: 'AAAA' };
  await volume(engine, 'v1', sealed);
  assert.equal((await eventsOf(engine)).at(-1)?.actor, sealed);
  assert.equal((await engine.callers())(sealed), { scheme: 'erased', was: 'unix', subject: 'f00df00df00df00d' });
  await engine.stop('test');
});

test('given a person in the log, when the key is destroyed, then nobody reads who it was, nothing else changes, and a new request has a new pseudonym', async () => {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await volume(engine, 'v1', ALICE);
  await volume(engine, 'v2', BOB);
  const before = await eventsOf(engine);
  const { head } = await engine.log.verify();
  const subject = await engine.subject('uid:54321');
  assert.is(await engine.subject(subject), subject);
  const open = await engine.callers();
  await engine.execute('subject.erase', { subject }, as(BOB));
  const alices = before.filter(({ actor }) => actor.scheme === 'sealed' && actor.subject === subject);
  assert.is(alices.length, 3, 'intent, step and outcome');
  for (const { actor } of alices) assert.equal(open(actor), { scheme: 'erased', was: 'unix', subject });
  await assertMissing(engine.subject('uid:54321'));
  assert.equal((await eventsOf(engine)).slice(0, before.length), before);
  assert.equal((await engine.log.verify()).damage, []);
  assert.is.not((await engine.log.verify()).head, head);
  await volume(engine, 'v3', ALICE);
  const renewed = await engine.subject('uid:54321');
  assert.is.not(renewed, subject);
  await engine.stop('test');

  const next = await simEngine(world, disk);
  const openNext = await next.callers();
  assert.equal(openNext((await eventsOf(next)).findLast(({ type }) => type === 'volume.create.succeeded')?.actor as Actor), ALICE);
  for (const { actor } of alices) assert.equal(openNext(actor), { scheme: 'erased', was: 'unix', subject });
  await next.execute('subject.erase', { subject }, as(BOB));
  await next.stop('test');
});

test('given an erasure, when the name of a person is given instead of a pseudonym, then it is refused and the name is not repeated', async () => {
  const engine = await simEngine(new SimWorld(), new SimDisk());
  await volume(engine, 'v1', ALICE);
  try {
    await engine.execute('subject.erase', { subject: 'tls:CN=bob' }, as(ALICE));
    assert.unreachable();
  } catch (error) {
    assert.is((error as ShiplogError).code, 'REQUEST_INVALID');
  }
  await engine.stop('test');
});

test('given an erasure that was cut off, when the engine starts again, then the key is gone', async () => {
  const world = new SimWorld();
  const disk = new SimDisk();
  const engine = await simEngine(world, disk);
  await volume(engine, 'v1', ALICE);
  await volume(engine, 'v2', BOB);
  const subject = await engine.subject('uid:54321');
  world.effects = 0;
  world.dieAt = 1;
  world.dieAfter = false;
  assert.is(await comesToEnd(world, 1, engine.execute('subject.erase', { subject }, as(BOB))), false);
  world.abandon();
  const next = await simEngine(world, disk);
  await assertMissing(next.subject('uid:54321'));
  assert.is((await eventsOf(next)).findLast(({ kind }) => kind === 'outcome')?.type, 'subject.erase.succeeded');
  await next.stop('test');
});

async function assertMissing(finding: Promise<string>): Promise<void> {
  assert.is(
    await finding.then(
      () => 'found',
      (error: ShiplogError) => error.code,
    ),
    'SUBJECT_NOT_FOUND',
  );
}

test.run();
