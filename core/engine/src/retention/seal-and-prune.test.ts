// time limit: 300 s
import { hash } from 'node:crypto';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { openEventLog, openLevelLog } from '@shiplog/event-log';
import { MemoryLevel } from 'memory-level';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type DriverInfo, type EventLog, type Hold, type Projection, ShiplogError } from '@shiplog/contracts';
import { codeOf } from '@shiplog/contracts/testing';
import type { RunningEngine } from '../start-engine.ts';
import { CALLER, eventsOf, simEngine, simSpec } from '../testing/sim-engine.ts';
import { comesToEnd, SimWorld } from '../testing/sim-world.ts';

const test = suite('seal and prune');

async function* nothing(): AsyncIterable<Uint8Array> {}

/** An engine on a disk, that can be stopped and started again, with or without what may be lost. */
class Stand {
  world = new SimWorld();

  #log: EventLog | undefined;

  get log(): EventLog {
    assert.ok(this.#log);
    return this.#log;
  }

  constructor(readonly directory: string) {}

  /** `projection`: one named `counts`. */
  async start(projection?: Projection): Promise<RunningEngine> {
    const log = await openLevelLog({ directory: join(this.directory, 'log'), boot: this.world.bootId, inst: 'inst' });
    this.#log = log;
    const drivers = this.world.drivers();
    const info: DriverInfo = {
      kind: 'projection',
      name: 'counts',
      capabilities: {},
      needs: {},
      doc: '',
      plugin: 'extra',
      probe: { usable: true },
    };
    return simEngine(
      this.world,
      { open: async () => log },
      projection === undefined
        ? drivers
        : {
            get: (kind, name) => (kind === 'projection' ? (projection as never) : drivers.get(kind, name)),
            list: () => [...drivers.list(), info],
          },
    );
  }

  /** The host goes down as it stands, and comes up anew. */
  async reboot(): Promise<RunningEngine> {
    await this.#log?.close();
    this.world = new SimWorld('boot-2');
    return this.start();
  }

  async stop(engine: RunningEngine): Promise<void> {
    await engine.stop('test');
    await this.#log?.close();
  }
}

/** Counts the events it has been told in order. */
function counting(): Projection {
  let [count, next] = [0, 0];
  return {
    async fold({ from, events, anew }) {
      if (from === 0 || anew === true) [count, next] = [0, from];
      for (const index of events.keys()) {
        if (from + index !== next) continue;
        count += 1;
        next += 1;
      }
      return { seq: next - 1 };
    },
    view: async () => ({ view: count }),
  };
}

/** Containers that came and went, and one that stays. */
async function history(engine: RunningEngine): Promise<string> {
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  const { id } = await engine.execute('container.create', { name: 'stays', spec: simSpec() }, CALLER);
  await engine.execute('container.start', { container: id }, CALLER);
  for (let number = 0; number < 30; number++) {
    await engine.execute('container.create', { name: `goes-${number}`, spec: simSpec() }, CALLER);
    await engine.execute('container.remove', { container: `goes-${number}`, force: true, volumes: true }, CALLER);
  }
  return id;
}

const sha256 = (bytes: Uint8Array | undefined): string => hash('sha256', bytes ?? '');

for (const verb of ['log.seal', 'log.prune'] as const)
  test(`given a disk that fails in ${verb}, when it ends, then the engine says that its log failed, since nothing is acknowledged any more`, async () => {
    await using temporary = await temporaryDirectory();
    const db = new MemoryLevel();
    const log = await openEventLog({ db, archive: temporary.path, boot: 'boot-1', inst: 'inst' });
    const engine = await simEngine(new SimWorld(), { open: async () => log });
    await history(engine);
    db.hooks.prewrite.add(({ type }) => {
      if (type === 'del') throw new Error('no space left on device');
    });
    assert.is(await codeOf(engine.execute(verb, { before: 100 }, CALLER)), 'LOG_CLOSED');
    assert.is((await engine.failed).code, 'LOG_CLOSED');
    await engine.stop('test').catch(() => undefined);
  });

test('given old events, when they are sealed and pruned, then what lives goes on, the past begins later, and a restart without snapshots has the same state', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  let engine = await stand.start();
  const id = await history(engine);
  const before = await engine.stateHash();
  const { archives } = await engine.execute('log.seal', { before: 120 }, CALLER);
  assert.is(archives[0]?.first, 0);
  assert.is((await engine.stateHash({ seq: before.seq })).hash, before.hash);
  assert.is((await engine.view({ seq: 20 })).containers.size > 0, true);

  const { first, pruned } = await engine.execute('log.prune', { before: 150 }, CALLER);
  assert.ok(first > 100 && first <= 150 && pruned === first);
  assert.is(engine.log.firstSeq, first);
  assert.is((await engine.stateHash({ seq: before.seq })).hash, before.hash);
  assert.is(await codeOf(engine.view({ seq: 20 })), 'LOG_PRUNED');
  assert.is((await engine.view({ seq: first - 1 })).container('stays').id, id);
  assert.is((await eventsOf(engine))[0]?.seq, first);
  const { hash: last } = await engine.stateHash();
  // What stands for what went is in the log before it goes, between intent and outcome.
  const told = (await eventsOf(engine)).slice(-3);
  assert.equal(
    told.map(({ type }) => type),
    ['log.prune.requested', 'log.bounded', 'log.prune.succeeded'],
  );
  const boundary = await engine.log.boundary();
  assert.equal([boundary?.seq, told[1]?.data], [first - 1, { ...told[1]?.data, first, state: sha256(boundary?.state) }]);
  await stand.stop(engine);

  await rm(join(stand.directory, 'log', 'snapshots'), { recursive: true });
  engine = await stand.start();
  assert.is((await engine.stateHash({ seq: before.seq })).hash, before.hash);
  assert.is((await engine.view()).container('stays').status, 'running');
  assert.not.equal((await engine.stateHash()).hash, last, 'the engine was stopped and started since');
  await engine.execute('container.remove', { container: id, force: true, volumes: true }, CALLER);
  assert.equal((await engine.log.verify()).damage, []);
  assert.equal(await readdir(join(stand.directory, 'log', 'archive')), ['boundary']);
  await stand.stop(engine);
});

test('given a log that forgot its starts with a prune, when the host has come up anew, then the engine knows', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start();
  await history(engine);
  await engine.execute('log.prune', { before: 150 }, CALLER);
  assert.not.ok((await eventsOf(engine)).some(({ type }) => type === 'engine.started'));
  const again = await stand.reboot();
  const events = await eventsOf(again);
  const started = events.find((event) => event.type === 'engine.started');
  assert.is(started?.type === 'engine.started' && started.data.clean, false);
  const rebooted = events.find((event) => event.type === 'host.rebooted');
  assert.equal(rebooted?.data, { bootId: 'boot-2', previousBootId: 'boot-1' });
  await stand.stop(again);
});

test('given a projection that was not loaded before a prune, when asked, then it begins with the first event that is kept, and says so', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  let engine = await stand.start(counting());
  await history(engine);
  const early = await engine.views.ask('counts', {});
  assert.equal(early, { first: 0, seq: engine.log.durableSeq, view: engine.log.durableSeq + 1 });
  const { first } = await engine.execute('log.prune', { before: 150 }, CALLER);
  const loaded = await engine.views.ask('counts', {});
  assert.equal(loaded, { first: 0, seq: engine.log.durableSeq, view: engine.log.durableSeq + 1 }, 'one that was fed knows on');
  await stand.stop(engine);
  engine = await stand.start(counting());
  for (let look = 0; look < 2; look += 1)
    assert.equal(await engine.views.ask('counts', {}), { first, seq: engine.log.durableSeq, view: engine.log.durableSeq + 1 - first });
  await stand.stop(engine);
});

test('given somebody who follows and has not come far, when pruned, then it is waited for and refused with their position, unless they may be overtaken', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start();
  await history(engine);
  const follower = stand.log.follow({ from: 0 })[Symbol.asyncIterator]();
  await follower.next();
  const reached = stand.log.followedSeq ?? 0;
  const before = stand.log.durableSeq;
  assert.ok(reached > 0 && reached < before);
  // An engine's own waits keep no process up.
  using _awake = setInterval(() => undefined, 1000);
  const refused: unknown = await engine.execute('log.prune', { before }, CALLER).catch((error: unknown) => error);
  assert.instance(refused, ShiplogError);
  assert.equal([(refused as ShiplogError).code, (refused as ShiplogError).facts], ['LOG_PRUNE_BLOCKED', { seq: reached, by: 'follower' }]);
  assert.is(stand.log.firstSeq, 0);
  const waiting = engine.execute('log.prune', { before }, CALLER);
  for (let seq = 0; seq < before;) seq = (await follower.next()).value?.seq ?? before;
  assert.ok((await waiting).first > 0, 'one who comes there meanwhile is waited for');
  const slow = stand.log.follow({ from: stand.log.firstSeq })[Symbol.asyncIterator]();
  await slow.next();
  const volume = { driver: 'local', options: {}, labels: {} };
  for (let number = 0; number < 100; number += 1) await engine.execute('volume.create', volume, CALLER);
  const { first } = await engine.execute('log.prune', { before: stand.log.durableSeq, overtake: true }, CALLER);
  assert.ok(first > (stand.log.followedSeq ?? first));
  await slow.return?.();
  await follower.return?.();
  await stand.stop(engine);
});

test('given a prune under way, when somebody begins to read what would go, then it goes as far as they let it, or overtakes them', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start();
  await history(engine);
  const { log } = stand;
  for await (const _ of log.seal(60));
  const seal = log.seal.bind(log);
  let held: Hold | undefined;
  Object.assign(log, {
    async *seal(before: number) {
      yield* seal(before);
      held ??= log.hold(70);
    },
  });
  const before = log.durableSeq;
  const { first } = await engine.execute('log.prune', { before }, CALLER);
  assert.ok(first > 0 && first <= 70 && log.firstSeq === first, `${first}`);
  const all = await engine.execute('log.prune', { before, overtake: true }, CALLER);
  assert.ok(all.first > 70, `${all.first}`);
  held?.[Symbol.dispose]();
  await stand.stop(engine);
});

test('given containers whose beginnings were pruned, when they end while no engine runs, then the next one gives back what one holds, and removes the other', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start();
  await engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  const { id: passing } = await engine.execute('container.create', { spec: simSpec({ autoRemove: true }) }, CALLER);
  await engine.execute('container.start', { container: passing }, CALLER);
  const id = await history(engine);
  await engine.execute('log.prune', { before: stand.log.durableSeq }, CALLER);
  assert.ok(stand.log.firstSeq > 20, `${stand.log.firstSeq}`);
  await stand.stop(engine);
  for (const one of [id, passing]) stand.world.exit(one, 7);
  const next = await stand.start();
  const view = await next.view();
  const { status, exitCode, active } = view.container(id);
  assert.equal({ status, exitCode, active }, { status: 'exited', exitCode: 7, active: false });
  assert.not(view.containers.has(passing));
  await stand.stop(next);
});

test('given a log that is pruned while a view is fed, and while a command is answered again, when these go on, then they have what they need', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start(counting());
  const once = { ...CALLER, idem: 'once' };
  const made = await engine.execute('volume.create', { name: 'data', driver: 'sim', labels: {}, options: {} }, once);
  await history(engine);
  const { log } = stand;
  const prune = (): Promise<unknown> => engine.execute('log.prune', { before: log.durableSeq }, CALLER).catch(() => undefined);
  const { flushed, read } = log;
  log.flushed = async () => {
    log.flushed = flushed;
    await prune();
    return log.flushed();
  };
  assert.equal(await engine.execute('volume.create', { name: 'data', driver: 'sim', labels: {}, options: {} }, once), made);
  assert.is(log.firstSeq, 0);
  log.read = async function* (options) {
    log.read = read;
    await prune();
    yield* log.read(options);
  };
  const { seq } = await engine.views.ask('counts', {});
  assert.ok(seq > 100, `${seq}`);
  await prune();
  assert.ok(log.firstSeq > 20, `${log.firstSeq}`);
  await stand.stop(engine);
});

test('given a position past the end, when asked to seal or prune before it, then it is refused; and nothing before an open operation is pruned', async () => {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path);
  const engine = await stand.start();
  await history(engine);
  const { seq } = await engine.view();
  assert.is(await codeOf(engine.execute('log.seal', { before: seq + 1000 }, CALLER)), 'LOG_POSITION_UNKNOWN');
  assert.is(await codeOf(engine.execute('log.prune', { before: -1 }, CALLER)), 'LOG_POSITION_UNKNOWN');
  await engine.execute('container.create', { name: 'slow', spec: simSpec() }, CALLER);
  stand.world.effects = 0;
  stand.world.dieAt = 1;
  assert.is(await comesToEnd(stand.world, 1, engine.execute('container.start', { container: 'slow' }, CALLER)), false);
  const now = (await engine.view()).seq;
  assert.is(await codeOf(engine.execute('log.prune', { before: now + 1 }, CALLER)), 'LOG_PRUNE_BLOCKED');
});

test.run();
