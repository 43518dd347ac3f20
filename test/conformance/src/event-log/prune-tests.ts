import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import type { Bounded, EventLog } from '@shiplog/contracts';
import type { LogTest } from './log-test.ts';
import { answersOf, assertAnswers, EVENTS, fillArchives, prune, record, sealed, stateBefore } from './history.ts';
import { request, sample, take } from './samples.ts';

/** That all events can be read. */
async function assertAllThere(log: EventLog): Promise<void> {
  assert.equal(log.firstSeq, 0);
  assert.equal((await take(log.read({ from: 0, to: EVENTS - 1 }))).length, EVENTS);
}

/** That the log is as before a prune. */
async function assertWhole(log: EventLog): Promise<void> {
  await assertAllThere(log);
  assert.equal(await log.boundary(), undefined);
  assert.deepEqual((await log.verify()).damage, []);
}

/** How events go for good. */
export function pruneTests(test: LogTest): void {
  test('given archives, when asked what could go, then it is what is sealed and before the position, and nothing else can be pruned', async (log) => {
    const { first, second } = await fillArchives(log);
    assert.equal(log.prunable(0), 0);
    assert.equal(log.prunable(first), first);
    assert.equal(log.prunable(EVENTS), second);
    let least = 0;
    for (let before = 0; before <= EVENTS; before += 1) {
      const prunable = log.prunable(before);
      assert.ok(prunable >= least && prunable <= Math.min(before, second), `${prunable} of ${before}`);
      least = prunable;
    }
    for (const wrong of [second + 1, EVENTS]) await assert.rejects(() => prune(log, wrong), { code: 'REQUEST_INVALID' });
    await assertWhole(log);
  });

  test('given events that are to go, when what stands for them is recorded, then it is by its hashes, once, and all events are there', async (log) => {
    const { first } = await fillArchives(log);
    const recorded: Bounded[] = [];
    await log.prune(first, stateBefore(first), async (hashes) => {
      recorded.push(hashes);
      await assertAllThere(log);
      await record(log, hashes);
      await assertAllThere(log);
    });
    const [hashes, ...more] = recorded;
    assert.deepEqual(more, []);
    assert.deepEqual([hashes?.first, hashes?.state], [first, createHash('sha256').update(stateBefore(first)).digest('hex')]);
    assert.match(hashes?.index ?? '', /^[0-9a-f]{64}$/);
    assert.equal(log.firstSeq, first);
  });

  test('given a prune whose record fails, when it ends, then with that failure, and all events are there, also after reopening', async (log, reopen) => {
    const { first } = await fillArchives(log);
    const failure = new Error('no room for the record');
    await assert.rejects(
      log.prune(first, stateBefore(first), () => Promise.reject(failure)),
      (error: unknown) => error === failure || (error instanceof Error && error.cause === failure),
    );
    await assertWhole(log);
    await assertWhole(await reopen());
  });

  test('given a prune that was cut off behind its record, when opened again, then all events are there, and it can be done again', async (log, reopen) => {
    const { first } = await fillArchives(log);
    const before = await answersOf(log, first);
    await log
      .prune(first, stateBefore(first), async (hashes) => {
        await record(log, hashes);
        throw new Error('cut off');
      })
      .catch(() => undefined);
    const again = await reopen();
    await assertWhole(again);
    await prune(again, again.prunable(first));
    assert.equal(again.firstSeq, first);
    await assertAnswers(again, first, before);
    assert.deepEqual((await again.verify()).damage, []);
  });

  test('given a state, when events are pruned, then it stands for them until more are, also after reopening', async (log, reopen) => {
    const { first, second } = await fillArchives(log);
    let current = log;
    for (const position of [first, second]) {
      await prune(current, position);
      for (const again of [false, true]) {
        if (again) current = await reopen();
        const boundary = await current.boundary();
        assert.equal(boundary?.seq, position - 1);
        assert.equal(Buffer.from(boundary.state).toString('utf8'), stateBefore(position).toString('utf8'));
      }
    }
  });

  test('given events that were pruned, when they are again, or fewer are, then nothing is recorded and nothing changes', async (log, reopen) => {
    const { first, second } = await fillArchives(log);
    await prune(log, second);
    const { durableSeq } = log;
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      for (const position of [second, first]) await prune(current, position);
      assert.deepEqual([current.firstSeq, current.admittedSeq], [second, durableSeq]);
      assert.equal((await current.boundary())?.seq, second - 1);
    }
  });

  test('given a log that was pruned, when it lives on, then more is sealed and pruned', async (log, reopen) => {
    const { second } = await fillArchives(log);
    await prune(log, second);
    for (let index = 0; index < 300; index += 1) {
      log.append(request([sample('a', index)]));
      if (index % 7 === 0) await log.flushed();
    }
    await log.flushed();
    const [range] = await sealed(log, EVENTS + 200);
    assert.equal(range?.first, second);
    const third = log.sealedSeq + 1;
    assert.ok(third > EVENTS);
    await prune(log, log.prunable(third));
    for (const again of [false, true]) {
      const current = again ? await reopen() : log;
      assert.deepEqual([current.firstSeq, current.sealedSeq], [third, third - 1]);
      assert.equal((await take(current.read())).length, current.durableSeq + 1 - third);
      assert.deepEqual((await current.verify()).damage, []);
    }
  });

  test('given archives, when asked what events take on the disk, then later ones take no more, what is pruned nothing, and none is no position', async (log, reopen) => {
    const { first, second } = await fillArchives(log);
    // Opened again: what a log was told last may not be where it will lie.
    let current = await reopen();
    const bytes = await Promise.all([0, first, second, EVENTS].map((from) => current.storedBytes(from)));
    const [all = 0, behindFirst = 0, behindSecond = 0, behindLast = 0] = bytes;
    assert.ok(all > behindFirst && behindFirst > behindSecond && behindSecond >= behindLast, bytes.join(', '));
    let least = all;
    for (let from = 0; from <= EVENTS; from += 50) {
      const stored = await current.storedBytes(from);
      assert.ok(stored <= least, `${stored} from ${from}, and ${least} from the position before`);
      least = stored;
    }
    await prune(current, second);
    current = await reopen();
    const left = await current.storedBytes(0);
    assert.equal(left, await current.storedBytes(second));
    assert.ok(left < all - (behindFirst - behindSecond), `${left} of ${all}`);
    await assert.rejects(() => current.storedBytes(-1), { code: 'REQUEST_INVALID' });
  });

  test('given somebody who follows, when asked who lags behind, then the first position is told that one has not been given', async (log) => {
    await fillArchives(log);
    assert.equal(log.followedSeq, undefined);
    const slow = log.follow({ from: 0 })[Symbol.asyncIterator]();
    assert.equal((await slow.next()).value?.seq, 0);
    const reached = log.followedSeq;
    // What was fetched for it counts as given, and is little.
    assert.ok(reached !== undefined && reached > 0 && reached < EVENTS, `${reached}`);
    const fast = log.follow({ from: 0 })[Symbol.asyncIterator]();
    for (let seq = 0; seq < EVENTS; seq += 1) await fast.next();
    assert.equal(log.followedSeq, reached);
    await slow.return?.();
    assert.equal(log.followedSeq, undefined, 'one that has been given all lags behind nobody');
    await log.append(request([sample('a')])).durable;
    assert.equal(log.followedSeq, EVENTS);
    await fast.return?.();
    assert.equal(log.followedSeq, undefined);
  });

  test('given events that somebody holds, when they are to be pruned, then nothing happens until they are given up, or overtaken', async (log) => {
    const { first, second } = await fillArchives(log);
    const whole = log.hold();
    assert.equal([whole.next, log.followedSeq].join(), '0,0');
    await assert.rejects(() => prune(log, first), { code: 'LOG_PRUNE_BLOCKED' });
    await assertWhole(log);
    whole.advance(first);
    assert.equal(log.followedSeq, first);
    assert.throws(() => whole.advance(first - 1), { code: 'LOG_PRUNED' });
    await prune(log, first);
    assert.equal(log.hold().next, first);
    assert.throws(() => log.hold(first - 1), { code: 'LOG_PRUNED' });
    await prune(log, second, { overtake: true });
    whole[Symbol.dispose]();
    whole[Symbol.dispose]();
    assert.equal(log.followedSeq, first, 'one who gives up does so for nobody else');
  });

  test('given events that are going, when somebody would hold them, then they hold what stays, and are refused what goes', async (log) => {
    const { first } = await fillArchives(log);
    await log.prune(first, stateBefore(first), async (hashes) => {
      using held = log.hold();
      assert.equal(held.next, first);
      assert.throws(() => log.hold(first - 1), { code: 'LOG_PRUNED' });
      await record(log, hashes);
    });
  });

  test('given a prune that failed, when somebody holds what stayed, then they may', async (log) => {
    const { first } = await fillArchives(log);
    await assert.rejects(() => log.prune(first, stateBefore(first), () => Promise.reject(new Error('no room'))));
    using held = log.hold();
    assert.equal(held.next, 0);
  });
}
