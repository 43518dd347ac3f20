import { suite } from 'uvu';
import * as assert from 'uvu/assert';
import { type EventLog, type RetentionPolicy, type ShiplogEvent, ShiplogError } from '@shiplog/contracts';
import { type Needed, planRetention, RETENTION } from './retention-plan.ts';

const test = suite('the plan of a retention policy');

const HOUR = 3_600_000;
const MS = 1_000_000n;
const SEGMENT = 8;

type Log = Parameters<typeof planRetention>[1];

/** Of an event in the database, and in an archive. */
const BYTES = { live: 9, sealed: 2 };

/** A log that has times, sizes and archives, and nothing else. */
class Times implements Log {
  firstSeq = 0;
  sealedSeq = -1;
  /** Where archives end. */
  #archives: number[] = [];

  /** Milliseconds of each event, by position, and which of them the policy's own commands left. */
  constructor(
    readonly times: readonly number[],
    readonly own: ReadonlySet<number> = new Set(),
  ) {}

  get durableSeq(): number {
    return this.times.length - 1;
  }

  sealable(before: number): number {
    return Math.max(this.sealedSeq + 1, Math.min(before, this.durableSeq) - (Math.min(before, this.durableSeq) % SEGMENT));
  }

  prunable(before: number): number {
    return Math.max(this.firstSeq, ...this.#archives.filter((last) => last < before).map((last) => last + 1));
  }

  async storedBytes(from: number): Promise<number> {
    const kept = this.#archives.filter((last, index) => last >= from && (this.#archives[index - 1] ?? -1) + 1 >= this.firstSeq);
    const sealed = kept.reduce((sum, last) => sum + (last - (this.#archives[this.#archives.indexOf(last) - 1] ?? -1)) * BYTES.sealed, 0);
    return sealed + Math.max(0, this.times.length - Math.max(from, this.sealedSeq + 1)) * BYTES.live;
  }

  async positionAt(time: bigint): Promise<number> {
    const later = this.times.findIndex((ms, seq) => seq >= this.firstSeq && BigInt(ms) * MS > time);
    if (later === this.firstSeq && later > 0) throw new ShiplogError('LOG_PRUNED', 'that was pruned', { seq: later });
    return later === -1 ? this.durableSeq : later - 1;
  }

  async *read({ from = this.firstSeq, to = this.durableSeq } = {}): ReturnType<EventLog['read']> extends AsyncIterable<infer E>
    ? AsyncGenerator<E>
    : never {
    if (from < this.firstSeq) throw new ShiplogError('LOG_PRUNED', 'that was pruned', { seq: from });
    for (let seq = from; seq <= Math.min(to, this.durableSeq); seq += 1) yield this.#event(seq);
  }

  #event(seq: number): ShiplogEvent {
    const reason = this.own.has(seq) ? RETENTION : 'test';
    return { seq, t: String(BigInt(this.times[seq] ?? 0) * MS), actor: { scheme: 'system', reason } } as ShiplogEvent;
  }

  /** As the commands do it. */
  do(verb: 'log.seal' | 'log.prune', before: number): void {
    const end = this.sealable(before);
    if (end > this.sealedSeq + 1) {
      this.sealedSeq = end - 1;
      this.#archives.push(end - 1);
    }
    if (verb === 'log.prune') this.firstSeq = this.prunable(before);
  }
}

/** One that somebody prunes just before it answers a question. */
class PrunedMeanwhile extends Times {
  #left: number;

  constructor(times: readonly number[], asked: number) {
    super(times);
    this.#left = asked;
  }

  override async positionAt(time: bigint): Promise<number> {
    this.#asked();
    return super.positionAt(time);
  }

  override async storedBytes(from: number): Promise<number> {
    this.#asked();
    return super.storedBytes(from);
  }

  override async *read(options?: Parameters<Times['read']>[0]): ReturnType<Times['read']> {
    this.#asked();
    yield* super.read(options);
  }

  #asked(): void {
    if (this.#left === 0) this.do('log.prune', 390);
    this.#left -= 1;
  }
}

/** Numbers that are the same each time (Park and Miller). */
function* numbers(seed: number): Generator<number, never> {
  for (let value = seed; ;) {
    value = (value * 48_271) % 2_147_483_647;
    yield value / 2_147_483_647;
  }
}

test('given any log, policy, moment and need, when all that is due is done, then it ends, and nothing goes that is young, needed, or not too much', async () => {
  const chance = numbers(7);
  const upTo = (most: number): number => Math.floor(chance.next().value * most);
  let [pruned, sealed] = [0, 0];
  for (let round = 0; round < 600; round += 1) {
    let ms = 0;
    const log = new Times(Array.from({ length: 1 + upTo(300) }, () => (ms += upTo(HOUR / 4))));
    const now = BigInt(ms + upTo(40 * HOUR)) * MS;
    const policy: RetentionPolicy = {
      ...(upTo(2) === 0 ? {} : { sealAfterMs: 1 + upTo(30 * HOUR) }),
      ...(upTo(2) === 0 ? {} : { keepMs: 1 + upTo(60 * HOUR) }),
      ...(upTo(2) === 0 ? {} : { maxEvents: 1 + upTo(300) }),
      ...(upTo(2) === 0 ? {} : { maxBytes: 1 + upTo(300 * BYTES.live) }),
    };
    const needed: Needed | undefined = upTo(3) === 0 ? { seq: upTo(log.times.length), by: 'follower' } : undefined;
    let steps = 0;
    for (
      let { due } = await planRetention(policy, log, now, needed);
      due !== undefined;
      { due } = await planRetention(policy, log, now, needed)
    ) {
      const before = { ...log };
      log.do(due.verb, due.before);
      assert.ok(log.firstSeq > before.firstSeq || log.sealedSeq > before.sealedSeq, `round ${round}: ${due.verb} comes to nothing`);
      // What is sealed later takes less.
      if (due.verb === 'log.prune' && policy.maxBytes !== undefined) assert.ok((await log.storedBytes(log.firstSeq)) >= policy.maxBytes);
      assert.ok((steps += 1) < 10);
    }
    const { keepMs, maxEvents, maxBytes, sealAfterMs } = policy;
    if (log.firstSeq > 0) {
      pruned += 1;
      assert.ok(keepMs !== undefined || maxEvents !== undefined || maxBytes !== undefined);
      const gone = log.times[log.firstSeq - 1] ?? 0;
      if (keepMs !== undefined) assert.ok(now - BigInt(gone) * MS >= BigInt(keepMs) * MS, `round ${round}: one is ${keepMs} ms young`);
      if (maxEvents !== undefined) assert.ok(log.times.length - log.firstSeq >= maxEvents);
      if (needed !== undefined) assert.ok(log.firstSeq <= needed.seq);
    }
    if (log.sealedSeq >= log.firstSeq) {
      sealed += 1;
      if (keepMs === undefined && maxEvents === undefined && maxBytes === undefined && sealAfterMs !== undefined)
        assert.ok(now - BigInt(log.times[log.sealedSeq] ?? 0) * MS >= BigInt(sealAfterMs) * MS);
    }
  }
  assert.ok(pruned > 50 && sealed > 50, `${pruned} pruned, ${sealed} sealed`);
});

test('given a most of bytes alone, when there is more, then as much is due as leaves that many, and it says from how many on', async () => {
  const log = new Times(Array.from({ length: 200 }, (_, index) => index));
  const policy = { maxBytes: 100 * BYTES.live };
  const { due, next } = await planRetention(policy, log, 0n, undefined);
  assert.equal(
    [due, next],
    [
      { verb: 'log.prune', before: 100 },
      { verb: 'log.prune', bytes: 110 * BYTES.live },
    ],
  );
  log.do('log.prune', due?.before ?? 0);
  assert.is(log.firstSeq, 96);
  assert.is((await planRetention(policy, log, 0n, undefined)).due, undefined);
  log.do('log.seal', 190);
  assert.is((await planRetention({ maxBytes: 1000 }, log, 0n, undefined)).due, undefined, 'what is sealed takes less');
});

test('given events whose clock had stood at nought, when later ones are young, then they are not old by that', async () => {
  const log = new Times([...Array.from({ length: 20 }, () => 100 * HOUR), ...Array.from({ length: 20 }, () => 0)]);
  const plan = await planRetention({ keepMs: 10 * HOUR }, log, BigInt(101 * HOUR) * MS, undefined);
  assert.is(plan.due, undefined);
  assert.equal(plan.next, { verb: 'log.prune', at: String(BigInt(111 * HOUR) * MS) });
});

test('given a log that others prune, when a plan is made meanwhile, then it is of the log as it is afterwards', async () => {
  const times = Array.from({ length: 400 }, (_, index) => index * HOUR);
  const policy = { sealAfterMs: 20 * HOUR, keepMs: 50 * HOUR, maxBytes: 100 };
  const now = BigInt(400 * HOUR) * MS;
  let moved = 0;
  for (let asked = 0; asked < 12; asked += 1) {
    const log = new PrunedMeanwhile(times, asked);
    const plan = await planRetention(policy, log, now, undefined);
    if (log.firstSeq > 0) moved += 1;
    assert.equal(plan, await planRetention(policy, log, now, undefined), `pruned at question ${asked}`);
  }
  assert.ok(moved > 3, `${moved} of the plans met a prune`);
});

test('given a log that begins with an event of later than what follows, as where a clock was set back, when asked, then nothing is due by age', async () => {
  const log = new Times(
    [...Array.from({ length: 16 }, () => 100 * HOUR), ...Array.from({ length: 16 }, () => 0)],
    new Set([8, 9, 10, 11, 12, 13, 14, 15]),
  );
  log.do('log.prune', 8);
  const plan = await planRetention({ keepMs: 10 * HOUR }, log, BigInt(50 * HOUR) * MS, undefined);
  assert.is(log.firstSeq, 8);
  assert.is(plan.due, undefined);
});

test.run();
