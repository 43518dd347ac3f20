// time limit: 300 s
import { join } from 'node:path';
import { openLevelLog } from '@shiplog/event-log';
import { temporaryDirectory } from '@shiplog/test-support';
import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import type { EventLog, Hold, RetentionPolicy, RetentionStatus, ShiplogEvent } from '@shiplog/contracts';
import { type RunningEngine, startEngine } from '../start-engine.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { CALLER, eventsOf, simSpec } from '../testing/sim-engine.ts';
import { simParts } from '../testing/sim-parts.ts';
import { SimWorld } from '../testing/sim-world.ts';

const test = suite('retention by a policy');

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const BEGIN = 1_767_225_600_000_000_000n;

async function* nothing(): AsyncIterable<Uint8Array> {}

/** An engine on a disk with a policy, and a clock that the test moves. */
class Stand {
  clock = new ManualClock(BEGIN);
  readonly world = new SimWorld();
  #log: EventLog | undefined;
  #engine: RunningEngine | undefined;
  #ids = 0;

  constructor(
    readonly directory: string,
    readonly policy: RetentionPolicy,
  ) {}

  get log(): EventLog {
    assert.ok(this.#log);
    return this.#log;
  }

  get engine(): RunningEngine {
    assert.ok(this.#engine);
    return this.#engine;
  }

  async start(): Promise<void> {
    const { clock, world, policy } = this;
    const log = await openLevelLog({ directory: join(this.directory, 'log'), boot: 'boot-1', inst: 'inst' });
    this.#log = log;
    const next = (): string => `op${String((this.#ids += 1)).padStart(6, '0')}`;
    const parts = simParts({ log, drivers: world.drivers(), clock, instance: 'inst', next });
    this.#engine = await startEngine({ ...parts, retention: policy });
  }

  /** Also after a start that failed: what it failed with is what the test is to tell. */
  async stop(): Promise<void> {
    await this.#engine?.stop('test');
    await this.log.close();
  }

  /** Containers that come and go, some a `step` apart. */
  async live(count: number, step = 0): Promise<void> {
    for (let number = 0; number < count; number += 1) {
      const { id } = await this.engine.execute('container.create', { spec: simSpec() }, CALLER);
      await this.engine.execute('container.remove', { container: id, force: true, volumes: true }, CALLER);
      if (step > 0) this.clock.pass(step);
    }
  }

  /** Time passes in steps, and each time what is due is done. */
  async pass(ms: number, step: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += step) {
      this.clock.pass(step);
      await this.settle();
    }
  }

  /** The policy has done what was due, and waits for its next look. */
  async settle(): Promise<void> {
    while (this.clock.waiting === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    await this.log.flushed();
  }

  /** The engine dies as it stands, and another one starts. */
  async restart(): Promise<void> {
    await this.log.close();
    this.#engine = undefined;
    this.world.abandon();
    // What is left of the old one waits for its own clock, which stands still.
    this.clock = new ManualClock(BigInt(this.clock.now()));
    await this.start();
  }

  async status(): Promise<RetentionStatus> {
    const { retention } = await this.engine.info();
    assert.ok(retention);
    return retention;
  }

  /** Commands of the policy in the log, with what came of them. */
  async done(): Promise<readonly string[]> {
    const events = await eventsOf(this.engine);
    return events.filter(byPolicy).map(({ type, result }) => `${type.replace(/\.[a-z]+$/, '')} ${result?.status ?? 'asked'}`);
  }
}

function byPolicy({ actor, kind }: ShiplogEvent): boolean {
  return actor.scheme === 'system' && actor.reason === 'retention' && (kind === 'intent' || kind === 'outcome');
}

async function withStand(policy: RetentionPolicy, run: (stand: Stand) => Promise<void>): Promise<void> {
  await using temporary = await temporaryDirectory();
  const stand = new Stand(temporary.path, policy);
  await stand.start();
  await stand.engine.execute('image.load', { quiet: true }, CALLER, { body: nothing() });
  try {
    await run(stand);
  } finally {
    await stand.stop();
  }
}

test('given an age to seal at, when events come of it, then they are sealed by the policy, nothing goes, and info says when it is next', async () => {
  await withStand({ sealAfterMs: 10 * HOUR }, async (stand) => {
    await stand.live(30);
    const { log, clock } = stand;
    const last = log.durableSeq;
    assert.equal((await stand.status()).next, { verb: 'log.seal', at: String(BEGIN + BigInt(11 * HOUR) * 1_000_000n) });
    await stand.pass(10.9 * HOUR, 5.45 * HOUR);
    assert.equal([await stand.done(), log.sealedSeq], [[], -1]);
    await stand.live(5);
    await stand.pass(0.2 * HOUR, 0.2 * HOUR);
    assert.equal(await stand.done(), ['log.seal asked', 'log.seal ok']);
    assert.ok(log.sealedSeq > last - 40 && log.sealedSeq <= last, `sealed up to ${log.sealedSeq} of ${last}`);
    assert.is(log.firstSeq, 0);
    const { retention, log: extent } = await stand.engine.info();
    assert.is(extent.sealedSeq, log.sealedSeq);
    assert.is(retention?.next?.verb, 'log.seal');
    assert.ok(BigInt(retention?.next?.at ?? 0) > BigInt(clock.now()));
  });
});

test('given an age to keep, when events get older, then those that are younger stay, and proofs and what lives stay with them', async () => {
  await withStand({ keepMs: 10 * HOUR }, async (stand) => {
    const { log } = stand;
    const { id } = await stand.engine.execute('container.create', { name: 'stays', spec: simSpec() }, CALLER);
    await stand.live(40);
    await stand.pass(9 * HOUR, 9 * HOUR);
    const young = log.durableSeq + 1;
    await stand.live(40);
    assert.is(log.firstSeq, 0);
    const root = Buffer.from(await log.tree.root(young)).toString('hex');
    await stand.pass(3 * HOUR, HOUR);
    assert.equal(await stand.done(), ['log.prune asked', 'log.prune ok']);
    assert.ok(log.firstSeq > 100 && log.firstSeq <= young, `begins at ${log.firstSeq}, young from ${young}`);
    assert.is(Buffer.from(await log.tree.root(young)).toString('hex'), root);
    assert.equal((await log.verify()).damage, []);
    assert.is((await stand.engine.view()).container('stays').id, id);
    await stand.pass(DAY, 6 * HOUR);
    assert.is(log.firstSeq > young, true);
    assert.is((await stand.engine.view()).container('stays').id, id);
  });
});

test('given a most of events, when there are more, then the oldest go; with an age to keep none that is younger', async () => {
  await withStand({ maxEvents: 200 }, async (stand) => {
    assert.equal((await stand.status()).next, { verb: 'log.prune', events: 220 });
    await stand.live(80);
    const { log } = stand;
    await stand.pass(60_000, 60_000);
    const kept = log.durableSeq + 1 - log.firstSeq;
    assert.ok(kept >= 200 && kept < 240, `${kept} kept`);
    assert.equal(await stand.done(), ['log.prune asked', 'log.prune ok']);
  });
  await withStand({ maxEvents: 50, keepMs: DAY }, async (stand) => {
    await stand.live(80);
    await stand.pass(20 * HOUR, 10 * HOUR);
    assert.is(stand.log.firstSeq, 0);
    await stand.pass(10 * HOUR, 5 * HOUR);
    const { log } = stand;
    assert.ok(log.firstSeq > 0);
    assert.ok(log.durableSeq + 1 - log.firstSeq >= 50);
  });
});

test('given a most of bytes, when the disk has more of them, then the oldest go and as many stay; with an age to keep none that is younger', async () => {
  const maxBytes = 200_000;
  // LevelDB tells sizes by blocks, and packs these anew when it gives room back.
  const slack = maxBytes / 10;
  for (const keepMs of [undefined, DAY]) {
    await withStand({ maxBytes, ...(keepMs !== undefined && { keepMs }) }, async (stand) => {
      assert.is((await stand.status()).next?.bytes, 220_000);
      await stand.live(250);
      // Opened again, the log has all that is there in tables.
      await stand.restart();
      const { bytes } = (await stand.engine.info()).log;
      assert.ok(bytes > 400_000, `${bytes} bytes`);
      if (keepMs !== undefined) {
        await stand.pass(20 * HOUR, 10 * HOUR);
        assert.is(stand.log.firstSeq, 0);
        await stand.pass(10 * HOUR, 5 * HOUR);
      } else await stand.pass(60_000, 60_000);
      const { firstSeq } = stand.log;
      assert.ok(firstSeq > 0);
      const kept = await stand.log.storedBytes(firstSeq);
      assert.ok(kept >= maxBytes - slack && kept < 220_000 + slack, `${kept} of ${bytes} bytes stayed`);
      assert.equal((await stand.log.verify()).damage, []);
    });
  }
});

test('given somebody who follows and has not come far, when events get old, then what was not given stays, and info says so', async () => {
  await withStand({ maxEvents: 100 }, async (stand) => {
    const { log } = stand;
    const leave = new AbortController();
    const follower = log.follow({ from: 0, signal: leave.signal })[Symbol.asyncIterator]();
    const { value } = await follower.next();
    assert.is(value?.seq, 0);
    await stand.live(100);
    await stand.pass(60_000, 60_000);
    const held = log.followedSeq;
    assert.ok(held !== undefined && held > 0);
    assert.ok(log.firstSeq <= held);
    const seen = [value?.seq];
    const done = await stand.done();
    await stand.pass(2 * HOUR, HOUR);
    assert.equal((await stand.status()).held, { seq: held, by: 'follower' });
    assert.equal(await stand.done(), done, 'nothing is asked for in vain');
    const last = log.durableSeq;
    while ((seen.at(-1) ?? 0) < last) seen.push((await follower.next()).value?.seq);
    assert.equal(
      seen,
      Array.from({ length: last + 1 }, (_, seq) => seq),
    );
    leave.abort();
    await stand.pass(HOUR, HOUR);
    assert.ok(log.firstSeq > held);
    assert.is((await stand.status()).held, undefined);
  });
});

test('given somebody who begins to read what is due to go, when it is refused for them, then it goes with the next look after they are done', async () => {
  await withStand({ maxEvents: 100 }, async (stand) => {
    const { log } = stand;
    const sealable = log.sealable.bind(log);
    let held: Hold | undefined;
    Object.assign(log, {
      sealable(before: number) {
        held ??= log.hold();
        return sealable(before);
      },
    });
    await stand.live(100);
    await stand.pass(60_000, 60_000);
    await stand.pass(4000, 50);
    const asked = (await eventsOf(stand.engine)).filter(({ type }) => type === 'log.prune.requested');
    assert.equal([asked.map(({ data }) => 'decided' in data && data.decided), log.firstSeq], [[null], 0]);
    held?.[Symbol.dispose]();
    await stand.pass(60_000, 60_000);
    assert.ok(log.firstSeq > 0);
  });
});

test('given an operation under way, when events get old, then its intent stays, and recovery still finds it', async () => {
  await withStand({ maxEvents: 30 }, async (stand) => {
    await stand.engine.execute('container.create', { name: 'slow', spec: simSpec() }, CALLER);
    stand.world.effects = 0;
    stand.world.dieAt = 1;
    void stand.engine.execute('container.start', { container: 'slow' }, CALLER).catch(() => undefined);
    while ((await stand.engine.view()).openOperations.size === 0) await new Promise((resolve) => setTimeout(resolve, 2));
    const [open] = (await stand.engine.view()).openOperations.values();
    assert.ok(open);
    for (let number = 0; number < 60; number += 1) {
      const source = number === 0 ? 'sim:latest' : `sim:${number - 1}`;
      await stand.engine.execute('image.tag', { image: source, reference: `sim:${number}` }, CALLER);
    }
    await stand.pass(60_000, 60_000);
    assert.ok(stand.log.firstSeq <= open.seq);
    const { retention } = await stand.engine.info();
    assert.equal(retention?.held, { seq: open.seq, by: 'operation' });
    // The next engine finds the operation and ends it, and then the policy goes on.
    await stand.restart();
    const ended = (await eventsOf(stand.engine)).find(({ op, kind }) => op === open.op && kind === 'outcome');
    assert.is(ended?.result?.status, 'failed');
    await stand.pass(2 * HOUR, HOUR);
    assert.ok(stand.log.firstSeq > open.seq);
  });
});

test('given an engine that dies at any moment of what the policy does, when others go on, then each command ends once, and the log is whole and as short as it may be', async () => {
  await withStand({ maxEvents: 60, sealAfterMs: 10 * HOUR }, async (stand) => {
    const { id } = await stand.engine.execute('container.create', { name: 'stays', spec: simSpec() }, CALLER);
    for (let moment = 0; moment < 24; moment += 1) {
      await stand.live(8);
      stand.clock.pass(HOUR);
      for (let turn = 0; turn < moment; turn += 1) await new Promise((resolve) => setImmediate(resolve));
      await stand.restart();
    }
    await stand.pass(2 * HOUR, HOUR);
    const { log, engine } = stand;
    const events = await eventsOf(engine);
    const asked = events.filter((event) => byPolicy(event) && event.kind === 'intent').map(({ op }) => op);
    assert.ok(asked.length > 0);
    for (const op of asked) assert.is(events.filter((event) => event.op === op && event.kind === 'outcome').length, 1, op);
    assert.equal((await log.verify()).damage, []);
    assert.is((await log.boundary())?.seq, log.firstSeq - 1);
    const kept = log.durableSeq + 1 - log.firstSeq;
    assert.ok(kept >= 60 && kept < 120, `${kept} kept`);
    assert.equal([...(await engine.view()).containers.keys()], [id]);
  });
});

test('given a wall clock that is set ahead while the engine runs, when time passes, then events are as old as they are, and nothing goes sooner', async () => {
  await withStand({ sealAfterMs: HOUR, keepMs: 10 * HOUR }, async (stand) => {
    await stand.live(30);
    stand.clock.set(365 * DAY);
    await stand.pass(9 * HOUR, HOUR);
    assert.is(stand.log.firstSeq, 0);
    await stand.pass(3 * HOUR, HOUR);
    assert.ok(stand.log.firstSeq > 0);
  });
});

for (const policy of [{ sealAfterMs: 10 * HOUR }, { keepMs: 10 * HOUR }, { sealAfterMs: HOUR, keepMs: 10 * HOUR }, { maxEvents: 2 }]) {
  test(`given ${JSON.stringify(policy)}, when nobody does anything any more, then the log comes to rest, and nothing is said to come`, async () => {
    await withStand(policy, async (stand) => {
      await stand.live(40);
      await stand.pass(3 * DAY, 6 * HOUR);
      const { durableSeq, firstSeq, sealedSeq } = stand.log;
      assert.ok(firstSeq > 0 || sealedSeq > 100);
      await stand.pass(20 * DAY, DAY);
      assert.is(stand.log.durableSeq, durableSeq);
      assert.is((await stand.status()).next, undefined);
      await stand.live(40);
      await stand.pass(3 * DAY, 6 * HOUR);
      assert.ok(stand.log.firstSeq > firstSeq || stand.log.sealedSeq > sealedSeq, 'it goes on when somebody does');
    });
  });
}

test('given no policy, when time passes, then nothing is sealed, pruned or told', async () => {
  await withStand({}, async (stand) => {
    await stand.live(20);
    await stand.pass(1000 * DAY, 250 * DAY);
    assert.equal([stand.log.firstSeq, stand.log.sealedSeq, await stand.done()], [0, -1, []]);
    assert.equal(await stand.status(), { policy: {} });
  });
});

test.run();
